#include "http/json/number_write.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "tests/support/seeded_random.hpp"

namespace pelton::http::json {
namespace {

std::string integer(std::int64_t value) {
  std::vector<char> text(integer_bytes_max);
  return {text.data(), write_integer(text.data(), value)};
}

std::string real(double value) {
  std::vector<char> text(real_bytes_max);
  return {text.data(), write_real(text.data(), value)};
}

TEST(NumberWrite, integers_of_every_length) {
  std::uint64_t power = 1;
  for (int digits = 1; digits <= 19; ++digits, power *= 10) {
    for (const std::uint64_t value : {power - 1, power, power + 1, 9 * power, 5 * power + 3}) {
      const auto magnitude =
          static_cast<std::int64_t>(value & static_cast<std::uint64_t>(INT64_MAX));
      EXPECT_EQ(integer(magnitude), std::to_string(magnitude));
      EXPECT_EQ(integer(-magnitude), std::to_string(-magnitude));
    }
  }
  EXPECT_EQ(integer(INT64_MIN), "-9223372036854775808");
  EXPECT_EQ(integer(INT64_MAX), "9223372036854775807");
  std::vector<char> text(integer_bytes_max);
  EXPECT_EQ(std::string(text.data(), write_unsigned(text.data(), UINT64_MAX)),
            "18446744073709551615");
}

TEST(NumberWrite, random_integers) {
  support::SeededRandom random(5);
  for (int i = 0; i < 200'000; ++i) {
    const auto value = static_cast<std::int64_t>(random.next()) >> random.below(64);
    ASSERT_EQ(integer(value), std::to_string(value));
  }
}

TEST(NumberWrite, doubles_are_readable_and_stay_floats) {
  const std::vector<std::pair<double, const char*>> cases = {
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {1.0, "1.0"},
      {-1.5, "-1.5"},
      {100.0, "100.0"},
      {0.1, "0.1"},
      {0.00001, "0.00001"},
      {0.000001, "1e-6"},
      {0.0000015, "1.5e-6"},
      {0.00001234567890123, "0.00001234567890123"},
      {123.456, "123.456"},
      {1234567.8901234567, "1234567.8901234567"},
      {12345678.901234567, "12345678.901234567"},
      {999999999.5, "999999999.5"},
      {1700000000.1234567, "1700000000.1234567"},
      {123456789012345.67, "123456789012345.67"},
      {1234567890123456.8, "1234567890123456.8"},
      {9007199254740993.0, "9007199254740992.0"},
      {12345678900000.0, "12345678900000.0"},
      {0.12345678901234568, "0.12345678901234568"},
      {0.012345678901234568, "0.012345678901234568"},
      {1e9, "1000000000.0"},
      {1e15, "1000000000000000.0"},
      {1234567890123456.0, "1234567890123456.0"},
      {1e16, "1e16"},
      {12345678901234567.0, "1.2345678901234568e16"},
      {1e22, "1e22"},
      {1e23, "1e23"},
      {-1.5e300, "-1.5e300"},
      {5e-324, "5e-324"},
      {2.2250738585072014e-308, "2.2250738585072014e-308"},
      {1.7976931348623157e308, "1.7976931348623157e308"},
      {0.3, "0.3"},
      {0.1 + 0.2, "0.30000000000000004"},
  };
  for (const auto& [value, text] : cases) EXPECT_EQ(real(value), text);
}

// The digits of the shortest decimal, without zeros at the end, and its scientific exponent.
struct Shortest {
  std::string digits;
  int exponent;
  bool operator==(const Shortest&) const = default;
};

Shortest by_standard(double value) {
  char text[64];
  const char* const end =
      std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  Shortest result{{}, 0};
  const char* p = text;
  for (; *p != 'e'; ++p) {
    if (*p != '.') result.digits += *p;
  }
  ++p;
  p += *p == '+';
  std::from_chars(p, end, result.exponent);
  return result;
}

void expect_shortest(double value) {
  const ShortestDecimal decimal = shortest_decimal(value);
  Shortest ours{std::to_string(decimal.significand), 0};
  ours.exponent = decimal.exponent + static_cast<int>(ours.digits.size()) - 1;
  while (ours.digits.size() > 1 && ours.digits.back() == '0') ours.digits.pop_back();
  ASSERT_EQ(ours, by_standard(value)) << std::hexfloat << value;
  const std::string text = real(value);
  ASSERT_LE(text.size(), 25u) << text;
  double back = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), back);
  ASSERT_EQ(end, text.data() + text.size()) << text;
  ASSERT_EQ(back, value) << text;
  const double negative = -value;
  ASSERT_EQ(real(negative), "-" + text);
}

TEST(NumberWrite, every_exponent_has_shortest_doubles_at_its_edges) {
  for (std::uint64_t field = 0; field < 2047; ++field) {
    for (std::uint64_t step = 0; step < 40; ++step) {
      const std::uint64_t low = field << 52 | step;
      const std::uint64_t high = (field + 1) << 52;
      if (low != 0) {
        ASSERT_NO_FATAL_FAILURE(expect_shortest(std::bit_cast<double>(low)));
      }
      ASSERT_NO_FATAL_FAILURE(expect_shortest(std::bit_cast<double>(high - 1 - step)));
    }
  }
}

TEST(NumberWrite, random_bits_are_shortest) {
  support::SeededRandom random(6);
  for (int i = 0; i < 300'000; ++i) {
    const double value = std::bit_cast<double>(random.next() & 0x7fffffffffffffff);
    if (!(value <= std::numeric_limits<double>::max()) || value == 0) continue;
    ASSERT_NO_FATAL_FAILURE(expect_shortest(value));
  }
}

TEST(NumberWrite, short_decimals_are_shortest) {
  support::SeededRandom random(7);
  for (int i = 0; i < 300'000; ++i) {
    double scale = 1;
    for (std::uint64_t places = random.below(9); places > 0; --places) scale *= 10;
    const double value =
        static_cast<double>(random.from_one_to(std::uint64_t{1} << random.from_one_to(50))) / scale;
    ASSERT_NO_FATAL_FAILURE(expect_shortest(value));
  }
}

}  // namespace
}  // namespace pelton::http::json
