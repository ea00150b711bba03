#include "core/stats.hpp"

#include <gtest/gtest.h>

namespace pelton {
namespace {

TEST(Stats, counts_each_reason_by_itself) {
  Stats stats;
  stats.count(Reason::closed_by_peer);
  stats.count(Reason::closed_by_peer, 4);
  EXPECT_EQ(stats.of(Reason::closed_by_peer), 5u);
  EXPECT_EQ(stats.of(Reason::closed_keep_alive), 0u);
}

}  // namespace
}  // namespace pelton
