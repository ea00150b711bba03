#include "core/log/timestamp.hpp"

#include <cstring>
#include <ctime>

#include "core/two_digits.hpp"

namespace pelton {
namespace {

void put_clock(char* out, const std::tm& time) {
  put_two_digits(out, time.tm_hour);
  put_two_digits(out + 3, time.tm_min);
  put_two_digits(out + 6, time.tm_sec);
}

void put_year(char* out, const std::tm& time) {
  put_two_digits(out, (time.tm_year + 1900) / 100);
  put_two_digits(out + 2, (time.tm_year + 1900) % 100);
}

}  // namespace

Timestamp::Timestamp(std::int64_t wall_seconds) : wall_seconds_(wall_seconds) {
  static constexpr char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  std::tm time{};
  const std::time_t seconds = static_cast<std::time_t>(wall_seconds);
  ::gmtime_r(&seconds, &time);
  std::memcpy(iso_.data(), "0000-00-00T00:00:00Z", iso_.size());
  put_year(iso_.data(), time);
  put_two_digits(iso_.data() + 5, time.tm_mon + 1);
  put_two_digits(iso_.data() + 8, time.tm_mday);
  put_clock(iso_.data() + 11, time);
  std::memcpy(combined_.data(), "00/Jan/0000:00:00:00 +0000", combined_.size());
  put_two_digits(combined_.data(), time.tm_mday);
  std::memcpy(combined_.data() + 3, months + 3 * time.tm_mon, 3);
  put_year(combined_.data() + 7, time);
  put_clock(combined_.data() + 12, time);
}

}  // namespace pelton
