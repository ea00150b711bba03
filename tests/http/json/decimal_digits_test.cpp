#include "http/json/decimal_digits.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>

#include "tests/support/seeded_random.hpp"

namespace pelton::http::json {
namespace {

std::string printed(std::uint64_t value, int width) {
  std::array<char, 32> text{};
  const int bytes = std::snprintf(text.data(), text.size(), "%0*llu", width,
                                  static_cast<unsigned long long>(value));
  return {text.data(), static_cast<std::size_t>(bytes)};
}

std::string eight(std::uint32_t value) {
  std::string text(8, ' ');
  store8(text.data(), eight_digit_octets(value) + ascii_zeros);
  return text;
}

TEST(DecimalDigits, eight_digits_of_every_group_boundary_and_many_others) {
  for (const std::uint32_t value : {0u, 1u, 9u, 10u, 99u, 100u, 999u, 1000u, 9999u, 10000u, 99999u,
                                    100000u, 999999u, 1000000u, 9999999u, 10000000u, 99999999u}) {
    EXPECT_EQ(eight(value), printed(value, 8));
  }
  support::SeededRandom random(1);
  for (int i = 0; i < 200'000; ++i) {
    const auto value = static_cast<std::uint32_t>(random.below(100'000'000));
    ASSERT_EQ(eight(value), printed(value, 8));
  }
}

TEST(DecimalDigits, small_numbers_have_no_leading_zeros) {
  for (std::uint32_t value = 0; value < 1000; ++value) {
    char text[4];
    const char* const end = write_small_number(text, value);
    EXPECT_EQ(std::string_view(text, static_cast<std::size_t>(end - text)), printed(value, 1));
  }
}

template <class Digits>
void check_sixteen(std::uint64_t value) {
  const Digits digits = Digits::from(value);
  std::string text(16, ' ');
  digits.store(text.data());
  const std::string expected = printed(value, 16);
  ASSERT_EQ(text, expected);
  std::string words(16, ' ');
  store8(words.data(), digits.first_eight());
  store8(words.data() + 8, digits.second_eight());
  ASSERT_EQ(words, expected);
  ASSERT_EQ(digits.count_with(0),
            std::max(1, static_cast<int>(expected.find_last_not_of('0') + 1)));
  ASSERT_EQ(digits.count_with(1), 17);
}

TEST(DecimalDigits, sixteen_digits_are_alike_in_both_twins) {
  support::SeededRandom random(2);
  for (int i = 0; i < 200'000; ++i) {
    // Many zeros at the end, for the count.
    std::uint64_t scale = 1;
    for (std::uint64_t zeros = random.below(17); zeros > 0; --zeros) scale *= 10;
    const std::uint64_t value = random.below(10'000'000'000'000'000) / scale * scale;
    check_sixteen<PortableDigits>(value);
    check_sixteen<SixteenDigits>(value);
  }
}

}  // namespace
}  // namespace pelton::http::json
