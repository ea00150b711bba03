#include "core/two_digits.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pelton {
namespace {

TEST(TwoDigits, are_written_with_a_leading_zero) {
  for (int number = 0; number < 100; ++number) {
    char text[3] = "??";
    EXPECT_EQ(put_two_digits(text, number), text + 2);
    EXPECT_EQ(text, std::to_string(100 + number).substr(1));
  }
}

}  // namespace
}  // namespace pelton
