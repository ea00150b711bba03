// Writes numbers as JSON text: integers eight digits at a time, doubles as the shortest text that
// reads back equal.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "http/json/decimal_digits.hpp"

namespace pelton::http::json {

// Room that the functions below need: the number and whole words after it.
inline constexpr std::size_t integer_bytes_max = 32;  // -9223372036854775808
inline constexpr std::size_t real_bytes_max = 40;     // -1.2345678901234567e-308

// Writes a value below 10^8, without leading zeros.
inline char* write_up_to_eight_digits(char* out, std::uint32_t value) {
  const std::uint64_t digits = eight_digit_octets(value);
  // The last digit is written even when it is 0.
  const int zeros = std::countr_zero(digits | (std::uint64_t{1} << 56)) / 8;
  store8(out, (digits + ascii_zeros) >> (8 * zeros));
  return out + 8 - zeros;
}

inline char* write_eight_digits(char* out, std::uint32_t value) {
  store8(out, eight_digit_octets(value) + ascii_zeros);
  return out + 8;
}

inline char* write_unsigned(char* out, std::uint64_t value) {
  constexpr std::uint64_t eight = 100'000'000;
  if (value < small_numbers.size()) {
    return write_small_number(out, static_cast<std::uint32_t>(value));
  }
  if (value < eight) return write_up_to_eight_digits(out, static_cast<std::uint32_t>(value));
  const std::uint64_t head = value / eight;
  if (head < eight) {
    out = write_up_to_eight_digits(out, static_cast<std::uint32_t>(head));
  } else {
    out = write_up_to_eight_digits(out, static_cast<std::uint32_t>(head / eight));
    out = write_eight_digits(out, static_cast<std::uint32_t>(head % eight));
  }
  return write_eight_digits(out, static_cast<std::uint32_t>(value % eight));
}

inline char* write_integer(char* out, std::int64_t value) {
  *out = '-';
  const bool negative = value < 0;
  const auto magnitude = static_cast<std::uint64_t>(value);
  return write_unsigned(out + negative, negative ? 0 - magnitude : magnitude);
}

// The decimal with the fewest digits that reads back as `value`, and of several the nearest: the
// significand has 1 to 17 digits. `value` is finite and above 0.
struct ShortestDecimal {
  std::uint64_t significand;
  int exponent;  // of ten
};
ShortestDecimal shortest_decimal(double value);

// `value` is finite. Always reads back as a float: 1.0, 0.00001, 1e16, 1.5e-7.
char* write_real(char* out, double value);

}  // namespace pelton::http::json
