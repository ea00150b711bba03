// Numbers to JSON text: integers two digits at a time, doubles as the shortest text that reads
// back equal.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace noria::http::json {

inline constexpr std::size_t integer_bytes_max = 20;  // -9223372036854775808
inline constexpr std::size_t real_bytes_max = 32;     // with room for whole-word stores

inline constexpr std::array<char, 200> two_digits = [] {
  std::array<char, 200> digits{};
  for (unsigned i = 0; i < 100; ++i) {
    digits[2 * i] = static_cast<char>('0' + i / 10);
    digits[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return digits;
}();

inline char* write_two_digits(char* out, std::uint32_t value) {
  std::memcpy(out, &two_digits[2 * value], 2);
  return out + 2;
}

inline char* write_four_digits(char* out, std::uint32_t value) {
  return write_two_digits(write_two_digits(out, value / 100), value % 100);
}

inline char* write_eight_digits(char* out, std::uint32_t value) {
  return write_four_digits(write_four_digits(out, value / 10000), value % 10000);
}

// Without leading zeros; `value` is below 10^8.
inline char* write_up_to_eight_digits(char* out, std::uint32_t value) {
  if (value < 10000) {
    if (value < 100) {
      if (value < 10) {
        *out = static_cast<char>('0' + value);
        return out + 1;
      }
      return write_two_digits(out, value);
    }
    const std::uint32_t head = value / 100;
    if (head < 10) {
      *out++ = static_cast<char>('0' + head);
    } else {
      out = write_two_digits(out, head);
    }
    return write_two_digits(out, value % 100);
  }
  const std::uint32_t head = value / 10000;
  if (head < 100) {
    if (head < 10) {
      *out++ = static_cast<char>('0' + head);
    } else {
      out = write_two_digits(out, head);
    }
  } else {
    const std::uint32_t top = head / 100;
    if (top < 10) {
      *out++ = static_cast<char>('0' + top);
    } else {
      out = write_two_digits(out, top);
    }
    out = write_two_digits(out, head % 100);
  }
  return write_four_digits(out, value % 10000);
}

inline char* write_unsigned(char* out, std::uint64_t value) {
  constexpr std::uint64_t eight = 100'000'000;
  if (value < eight) return write_up_to_eight_digits(out, static_cast<std::uint32_t>(value));
  if (value < eight * eight) {
    out = write_up_to_eight_digits(out, static_cast<std::uint32_t>(value / eight));
    return write_eight_digits(out, static_cast<std::uint32_t>(value % eight));
  }
  const std::uint64_t head = value / eight;
  out = write_up_to_eight_digits(out, static_cast<std::uint32_t>(head / eight));
  out = write_eight_digits(out, static_cast<std::uint32_t>(head % eight));
  return write_eight_digits(out, static_cast<std::uint32_t>(value % eight));
}

inline char* write_integer(char* out, std::int64_t value) {
  auto magnitude = static_cast<std::uint64_t>(value);
  if (value < 0) {
    *out++ = '-';
    magnitude = 0 - magnitude;
  }
  return write_unsigned(out, magnitude);
}

// `value` is finite. `out` has room for real_bytes_max. Always reads back as a float: 1.0, 1e16.
char* write_real(char* out, double value);

}  // namespace noria::http::json
