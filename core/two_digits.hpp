// Writes two decimal digits with one store, for clocks, dates and lengths.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>

namespace pelton {

// "00" to "99".
inline constexpr auto digit_pairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t number = 0; number < 100; ++number) {
    pairs[number * 2] = static_cast<char>('0' + number / 10);
    pairs[number * 2 + 1] = static_cast<char>('0' + number % 10);
  }
  return pairs;
}();

// `number` is below 100; returns the address after its digits.
inline char* put_two_digits(char* out, std::size_t number) {
  std::memcpy(out, digit_pairs.data() + number * 2, 2);
  return out + 2;
}

// The same for a field of std::tm, which is an int.
inline char* put_two_digits(char* out, int number) {
  return put_two_digits(out, static_cast<std::size_t>(number));
}

}  // namespace pelton
