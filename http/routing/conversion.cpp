#include "http/routing/conversion.hpp"

#include <charconv>
#include <cstdint>
#include <limits>
#include <system_error>

#include "http/message/octets.hpp"

namespace noria::http {
namespace {

std::size_t digits_end(std::string_view text, std::size_t index) {
  while (index < text.size() && octet_is(text[index], octet_digit)) ++index;
  return index;
}

}  // namespace

bool read_integer(std::string_view text, std::int64_t& value) {
  const bool negative = !text.empty() && text[0] == '-';
  std::size_t index = negative ? 1 : 0;
  if (index == text.size()) return false;
  std::uint64_t magnitude = 0;
  // Eighteen digits always fit; only what is longer has to be watched.
  const std::size_t safe_end = text.size() - index <= 18 ? text.size() : index;
  for (; index < safe_end; ++index) {
    const auto digit = static_cast<unsigned char>(text[index] - '0');
    if (digit > 9) return false;
    magnitude = magnitude * 10 + digit;
  }
  const std::uint64_t magnitude_max =
      static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) + (negative ? 1 : 0);
  for (; index < text.size(); ++index) {
    const auto digit = static_cast<unsigned char>(text[index] - '0');
    if (digit > 9 || magnitude > (magnitude_max - digit) / 10) return false;
    magnitude = magnitude * 10 + digit;
  }
  value = static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
  return true;
}

bool read_real(std::string_view text, double& value) {
  const std::size_t begin = !text.empty() && text[0] == '-' ? 1 : 0;
  const std::size_t whole_end = digits_end(text, begin);
  if (whole_end == begin) return false;
  if (whole_end != text.size()) {
    if (text[whole_end] != '.') return false;
    const std::size_t fraction_end = digits_end(text, whole_end + 1);
    if (fraction_end == whole_end + 1 || fraction_end != text.size()) return false;
  }
  const std::from_chars_result read =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (read.ec == std::errc{}) return true;
  // Out of range: too small becomes zero, as everywhere; too large is no value.
  if (text.substr(begin, whole_end - begin).find_first_not_of('0') != text.npos) return false;
  value = begin == 1 ? -0.0 : 0.0;
  return true;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t index = 0; index < 36; ++index) {
    const bool hyphen = index == 8 || index == 13 || index == 18 || index == 23;
    if (hyphen ? text[index] != '-' : !octet_is(text[index], octet_hex)) return false;
  }
  return true;
}

}  // namespace noria::http
