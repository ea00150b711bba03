#include "core/core_state.hpp"

#include <gtest/gtest.h>

namespace pelton {
namespace {

TEST(CoreState, what_the_process_before_left_behind_is_cleared) {
  CoreState state;
  EXPECT_TRUE(state.is(Phase::absent));
  state.enter(Phase::serving);
  state.turned(7);
  state.slot = 3;
  state.worker_count = 4;
  EXPECT_TRUE(state.is(Phase::serving));
  EXPECT_EQ(state.heartbeat_ms, 7u);
  state.clear();
  EXPECT_TRUE(state.is(Phase::absent));
  EXPECT_EQ(state.heartbeat_ms, 0u);
  EXPECT_EQ(state.slot, 0u);
  EXPECT_EQ(state.worker_count, 1u);
  EXPECT_EQ(state.generation, 1u);
  EXPECT_EQ(state.restarts, 0u);
}

TEST(CoreState, OBS_006_gauges_are_shown_as_a_whole_and_have_names) {
  CoreState state;
  Gauges now{};
  for (std::size_t index = 0; index < gauge_count; ++index) now[index] = index + 1;
  state.show(now);
  EXPECT_EQ(state.shown(), now);
  EXPECT_EQ(in(now, Gauge::engine), gauge_count);
  EXPECT_EQ(gauge_names[static_cast<std::size_t>(Gauge::leases_out)], "leases_out");
  EXPECT_EQ(gauge_names.back(), "engine");
  state.clear();
  EXPECT_EQ(state.shown(), Gauges{});
}

}  // namespace
}  // namespace pelton
