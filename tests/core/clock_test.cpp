#include "core/clock.hpp"

#include <gtest/gtest.h>

namespace pelton {
namespace {

// CON-012: timers follow a clock that a jump of the wall clock does not move.
TEST(Clock, CON_012_the_wall_clock_moves_no_deadline) {
  VirtualClock clock;
  clock.advance_ns(5'000'000);
  clock.set_wall_seconds(1'000'000'000);
  EXPECT_EQ(clock.now_ms(), 5u);
  EXPECT_EQ(clock.wall_seconds(), 1'000'000'000);
}

TEST(Clock, time_stands_still_between_two_refreshes) {
  Clock clock;
  clock.refresh();
  const auto first = clock.now_ns();
  EXPECT_EQ(clock.now_ns(), first);
  clock.refresh();
  EXPECT_GE(clock.now_ns(), first);
}

}  // namespace
}  // namespace pelton
