#include "http/files/http_date.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "core/two_digits.hpp"

namespace pelton::http {
namespace {

using std::chrono::day;
using std::chrono::days;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr std::int64_t seconds_per_day = 86'400;
// The last second of the year 9999: a leap second after it would need a fifth digit.
constexpr std::int64_t last_second = 253'402'300'799;

constexpr std::array<std::string_view, 7> day_names = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};
constexpr std::string_view month_names = "JanFebMarAprMayJunJulAugSepOctNovDec";

// Reads a text from its front; reads nothing more after a mismatch.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  void expect(std::string_view text) {
    fits_ = fits_ && rest_.starts_with(text);
    if (fits_) rest_.remove_prefix(text.size());
  }
  bool skip(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  int digits(std::size_t count) {
    fits_ = fits_ && rest_.size() >= count;
    int value = 0;
    for (std::size_t index = 0; fits_ && index < count; ++index) {
      fits_ = rest_[index] >= '0' && rest_[index] <= '9';
      value = value * 10 + (rest_[index] - '0');
    }
    if (fits_) rest_.remove_prefix(count);
    return value;
  }
  unsigned month() {
    fits_ = fits_ && rest_.size() >= 3;
    if (!fits_) return 0;
    const std::size_t at = month_names.find(rest_.substr(0, 3));
    fits_ = at != std::string_view::npos && at % 3 == 0;
    rest_.remove_prefix(3);
    return static_cast<unsigned>(at / 3 + 1);
  }
  bool through() const { return fits_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool fits_ = true;
};

struct Fields {
  int year = 0;
  unsigned month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
};

void read_time(Reader& reader, Fields& fields) {
  fields.hour = reader.digits(2);
  reader.expect(":");
  fields.minute = reader.digits(2);
  reader.expect(":");
  fields.second = reader.digits(2);
}

std::optional<std::int64_t> seconds_of(const Fields& fields) {
  const year_month_day date(year(fields.year), month(fields.month),
                            day(static_cast<unsigned>(fields.day)));
  // A leap second is valid.
  if (!date.ok() || fields.hour > 23 || fields.minute > 59 || fields.second > 60) {
    return std::nullopt;
  }
  const std::int64_t seconds = sys_days(date).time_since_epoch().count() * seconds_per_day +
                               fields.hour * 3600 + fields.minute * 60 + fields.second;
  return seconds <= last_second ? std::optional(seconds) : std::nullopt;
}

// A two-digit year that seems to be more than fifty years ahead is in the previous century.
int full_year(int two_digits, std::int64_t now_seconds) {
  const year_month_day now(sys_days(days(now_seconds / seconds_per_day)));
  const int this_year = static_cast<int>(now.year());
  const int guess = this_year / 100 * 100 + two_digits;
  return guess > this_year + 50 ? guess - 100 : guess;
}

}  // namespace

std::string http_date(std::int64_t wall_seconds) {
  const sys_days date(days(wall_seconds / seconds_per_day));
  const std::int64_t seconds = wall_seconds % seconds_per_day;
  const year_month_day parts(date);
  const auto put = [](char* cursor, std::int64_t value) {
    put_two_digits(cursor, static_cast<std::size_t>(value));
  };
  std::string text = "Sun, 00 Jan 1970 00:00:00 GMT";
  const auto month_at = (static_cast<unsigned>(parts.month()) - 1) * 3;
  const int full = static_cast<int>(parts.year());
  day_names[std::chrono::weekday(date).c_encoding()].copy(text.data(), 3);
  put(text.data() + 5, static_cast<unsigned>(parts.day()));
  month_names.copy(text.data() + 8, 3, month_at);
  put(text.data() + 12, full / 100);
  put(text.data() + 14, full % 100);
  put(text.data() + 17, seconds / 3600);
  put(text.data() + 20, seconds / 60 % 60);
  put(text.data() + 23, seconds % 60);
  return text;
}

std::optional<std::int64_t> read_http_date(std::string_view text, std::int64_t now_seconds) {
  const auto* const name = std::ranges::find_if(day_names, [&](std::string_view day_name) {
    return text.starts_with(day_name.substr(0, 3));
  });
  if (name == day_names.end()) return std::nullopt;
  Reader reader(text);
  Fields fields;
  const bool is_long = reader.skip(*name);
  if (!is_long) reader.expect(name->substr(0, 3));
  if (reader.skip(", ")) {
    // Sun, 06 Nov 1994 08:49:37 GMT, or Sunday, 06-Nov-94 08:49:37 GMT
    const std::string_view separator = is_long ? "-" : " ";
    fields.day = reader.digits(2);
    reader.expect(separator);
    fields.month = reader.month();
    reader.expect(separator);
    fields.year = is_long ? full_year(reader.digits(2), now_seconds) : reader.digits(4);
    reader.expect(" ");
    read_time(reader, fields);
    reader.expect(" GMT");
  } else {
    // Sun Nov  6 08:49:37 1994
    reader.expect(is_long ? "," : " ");
    fields.month = reader.month();
    reader.expect(" ");
    fields.day = reader.digits(reader.skip(" ") ? 1 : 2);
    reader.expect(" ");
    read_time(reader, fields);
    reader.expect(" ");
    fields.year = reader.digits(4);
  }
  return reader.through() ? seconds_of(fields) : std::nullopt;
}

}  // namespace pelton::http
