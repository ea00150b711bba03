// The leading 128 bits of the powers of ten that conversions between decimal text and binary64
// multiply by: reading (Eisel and Lemire) and shortest writing (Schubfach) share the table.
#pragma once

#include <cstdint>

namespace pelton::http::json {

// 10^q = (high * 2^64 + low + f) * 2^e with 0 <= f < 1 and the top bit of `high` set.
struct PowerOfTen {
  std::uint64_t high;
  std::uint64_t low;
};

inline constexpr int power_of_ten_min = -342;
inline constexpr int power_of_ten_max = 324;

extern const PowerOfTen powers_of_ten[power_of_ten_max - power_of_ten_min + 1];

inline const PowerOfTen& power_of_ten(int q) {
  return powers_of_ten[q - power_of_ten_min];
}

// floor(log2(10^q)), exact for every q of the table.
constexpr int floor_log2_of_power_of_ten(int q) {
  return (q * 1741647) >> 19;
}

}  // namespace pelton::http::json
