#include "core/reason.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace pelton {
namespace {

// OBS-002: class and word together are the key, and every entry cites its rule.
TEST(Reason, OBS_002_keys_are_unique_and_cite_a_rule) {
  std::set<std::string> keys;
  for (std::size_t index = 1; index < reason_count; ++index) {
    const ReasonRow& row = reason_row(static_cast<Reason>(index));
    EXPECT_TRUE(keys.insert(std::string(row.counter_class) + "." + std::string(row.word)).second);
    EXPECT_FALSE(row.rule.empty()) << row.word;
  }
}

TEST(Reason, the_table_follows_the_enumeration) {
  EXPECT_EQ(reason_row(Reason::refused_line_bare_lf).word, "line_bare_lf");
  EXPECT_EQ(reason_row(Reason::closed_keep_alive).word, "keep_alive");
  EXPECT_EQ(reason_row(Reason::engine_cq_overflow).word, "cq_overflow");
  EXPECT_EQ(static_cast<std::size_t>(Reason::engine_cq_overflow) + 1, reason_count);
}

}  // namespace
}  // namespace pelton
