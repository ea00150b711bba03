#include "core/log/timestamp.hpp"

#include <gtest/gtest.h>

namespace pelton {
namespace {

TEST(Timestamp, both_spellings) {
  const Timestamp epoch(0);
  EXPECT_EQ(epoch.iso(), "1970-01-01T00:00:00Z");
  EXPECT_EQ(epoch.combined(), "01/Jan/1970:00:00:00 +0000");
  const Timestamp later(1'795'272'403);
  EXPECT_EQ(later.iso(), "2026-11-21T14:46:43Z");
  EXPECT_EQ(later.combined(), "21/Nov/2026:14:46:43 +0000");
  EXPECT_EQ(later.wall_seconds(), 1'795'272'403);
}

}  // namespace
}  // namespace pelton
