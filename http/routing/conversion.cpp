#include "http/routing/conversion.hpp"

#include <charconv>
#include <cstdint>
#include <limits>
#include <system_error>

#include "http/message/octet_word.hpp"
#include "http/message/octets.hpp"

namespace pelton::http {
namespace {

std::size_t digits_end(std::string_view text, std::size_t index) {
  while (index < text.size() && octet_is(text[index], octet_digit)) ++index;
  return index;
}

// Reads one to seven digits at once: each step combines neighbours, ones to tens, tens to thousands
// and so on.
bool read_short(std::string_view text, std::int64_t& value) {
  if (text.empty()) return false;
  // Zeros go before the digits; the word's order puts them in its low octets.
  const std::size_t missing_bits = 64 - 8 * text.size();
  std::uint64_t word = octet_word::load_short(text.data(), text.size()) << missing_bits;
  word |= (octet_word::ones * '0') & ((std::uint64_t{1} << missing_bits) - 1);
  constexpr std::uint64_t high_nibbles = octet_word::ones * 0xF0;
  const std::uint64_t carried = word + octet_word::ones * 6;
  if (((word & high_nibbles) | ((carried & high_nibbles) >> 4)) != octet_word::ones * 0x33) {
    return false;
  }
  word = ((word & (octet_word::ones * 0x0F)) * (1 + (10 << 8))) >> 8;
  word = ((word & 0x00FF'00FF'00FF'00FFu) * (1 + (100 << 16))) >> 16;
  word = ((word & 0x0000'FFFF'0000'FFFFu) * (1 + (std::uint64_t{10'000} << 32))) >> 32;
  value = static_cast<std::int64_t>(word);
  return true;
}

}  // namespace

bool read_integer(std::string_view text, std::int64_t& value) {
  if (text.size() < 8 && read_short(text, value)) [[likely]]
    return true;
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  if (at == end) return false;
  std::uint64_t magnitude = 0;
  // Eighteen digits always fit; longer texts are checked.
  if (end - at <= 18) [[likely]] {
    do {
      const auto digit = static_cast<unsigned char>(*at - '0');
      if (digit > 9) return false;
      magnitude = magnitude * 10 + digit;
    } while (++at != end);
  } else {
    const std::uint64_t magnitude_max =
        static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) + (negative ? 1 : 0);
    do {
      const auto digit = static_cast<unsigned char>(*at - '0');
      if (digit > 9 || magnitude > (magnitude_max - digit) / 10) return false;
      magnitude = magnitude * 10 + digit;
    } while (++at != end);
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
  // Out of range: a number that is too small becomes zero, as usual; one that is too large is
  // refused.
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

}  // namespace pelton::http
