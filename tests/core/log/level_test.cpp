#include "core/log/level.hpp"

#include <gtest/gtest.h>

namespace pelton {
namespace {

TEST(LogLevel, each_word_is_a_level_and_weightier_ones_compare_greater) {
  std::optional<LogLevel> before;
  for (const std::string_view word : log_level_words) {
    const std::optional<LogLevel> level = log_level_of(word);
    ASSERT_TRUE(level.has_value());
    EXPECT_EQ(word_of(*level), word);
    if (before) {
      EXPECT_GT(*level, *before);
    }
    before = level;
  }
  EXPECT_FALSE(log_level_of("warn").has_value());
  EXPECT_FALSE(log_level_of("").has_value());
}

}  // namespace
}  // namespace pelton
