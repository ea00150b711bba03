#include "core/check.hpp"

#include <gtest/gtest.h>

namespace {

TEST(CheckDeathTest, says_what_failed_and_where) {
  EXPECT_DEATH(CHECK(1 + 1 == 3), "1 \\+ 1 == 3");
  CHECK(true);
}

}  // namespace
