#include "http/json/powers_of_ten.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace pelton::http::json {
namespace {

// An unsigned number of any size, least significant word first: enough to compute the table anew.
using Words = std::vector<std::uint32_t>;

void multiply(Words& words, std::uint32_t factor) {
  std::uint64_t carry = 0;
  for (std::uint32_t& word : words) {
    carry += std::uint64_t{word} * factor;
    word = static_cast<std::uint32_t>(carry);
    carry >>= 32;
  }
  if (carry != 0) words.push_back(static_cast<std::uint32_t>(carry));
}

// Floor of the quotient; every divisor here is small, so exactness is kept digit by digit.
void divide(Words& words, std::uint32_t divisor) {
  std::uint64_t rest = 0;
  for (std::size_t i = words.size(); i-- > 0;) {
    rest = rest << 32 | words[i];
    words[i] = static_cast<std::uint32_t>(rest / divisor);
    rest %= divisor;
  }
}

bool bit(const Words& words, std::size_t at) {
  return (words[at / 32] >> (at % 32) & 1) != 0;
}

// The leading 128 bits.
PowerOfTen leading(const Words& words) {
  std::size_t top = words.size() * 32;
  while (!bit(words, top - 1)) --top;
  PowerOfTen result{};
  for (std::size_t i = 0; i < 128; ++i) {
    const std::uint64_t value = i < top && bit(words, top - 1 - i);
    (i < 64 ? result.high : result.low) |= value << (63 - i % 64);
  }
  return result;
}

TEST(PowersOfTen, every_row_is_the_truncated_power) {
  Words power{1};
  for (int q = 0; q <= power_of_ten_max; ++q) {
    const PowerOfTen expected = leading(power);
    EXPECT_EQ(power_of_ten(q).high, expected.high) << q;
    EXPECT_EQ(power_of_ten(q).low, expected.low) << q;
    multiply(power, 10);
  }
  // 10^-q as 2^n / 10^q with n far beyond the bits that are looked at: nested floors of divisions
  // by ten are the floor of one division.
  Words reciprocal(60, 0);
  reciprocal.back() = 1;
  for (int q = 0; q >= power_of_ten_min; --q) {
    const PowerOfTen expected = leading(reciprocal);
    EXPECT_EQ(power_of_ten(q).high, expected.high) << q;
    EXPECT_EQ(power_of_ten(q).low, expected.low) << q;
    divide(reciprocal, 10);
  }
}

TEST(PowersOfTen, the_binary_exponent_is_exact_for_every_row) {
  Words power{1};
  for (int q = 0; q <= power_of_ten_max; ++q) {
    std::size_t top = power.size() * 32;
    while (!bit(power, top - 1)) --top;
    EXPECT_EQ(floor_log2_of_power_of_ten(q), static_cast<int>(top) - 1) << q;
    // No power of ten but 10^0 is a power of two, so the reciprocal lies one lower.
    if (q > 0 && -q >= power_of_ten_min) {
      EXPECT_EQ(floor_log2_of_power_of_ten(-q), -static_cast<int>(top)) << -q;
    }
    multiply(power, 10);
  }
}

}  // namespace
}  // namespace pelton::http::json
