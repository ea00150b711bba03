#include "core/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace pelton {
namespace {

TEST(TimerWheel, fires_at_the_first_tick_not_before_the_deadline) {
  TimerWheel wheel(1000);
  TimerNode node;
  wheel.arm(node, 1500);
  EXPECT_EQ(wheel.pop_due(1499), nullptr);
  EXPECT_GE(wheel.next_wake_ms(), 1500u);
  EXPECT_LE(wheel.next_wake_ms(), 1500u + TimerWheel::tick_ms);
  EXPECT_EQ(wheel.pop_due(wheel.next_wake_ms()), &node);
  EXPECT_EQ(wheel.next_wake_ms(), TimerWheel::no_deadline_ms);
}

TEST(TimerWheel, a_deadline_many_turns_away_does_not_fire_early) {
  TimerWheel wheel(0);
  TimerNode node;
  wheel.arm(node, 10'000'000);
  for (std::uint64_t now = 0; now < 10'000'000; now = std::max(now + 1, wheel.next_wake_ms())) {
    EXPECT_EQ(wheel.pop_due(now), nullptr) << now;
  }
  EXPECT_EQ(wheel.pop_due(10'000'000 + TimerWheel::tick_ms), &node);
}

TEST(TimerWheel, a_wake_for_a_later_turn_of_the_wheel_happens_once) {
  TimerWheel wheel(0);
  TimerNode node;
  wheel.arm(node, 1'000'000);
  std::uint64_t now = 0;
  int wakes = 0;
  for (TimerNode* due = nullptr; due == nullptr; ++wakes) {
    ASSERT_GT(wheel.next_wake_ms(), now);
    now = wheel.next_wake_ms();
    due = wheel.pop_due(now);
  }
  EXPECT_LE(wakes, 17);
  EXPECT_GE(now, 1'000'000u);
}

TEST(TimerWheel, a_deadline_in_the_past_is_due_at_once) {
  TimerWheel wheel(1'000'000);
  TimerNode node;
  wheel.arm(node, 5);
  EXPECT_EQ(wheel.pop_due(1'000'000), &node);
}

TEST(TimerWheel, agrees_with_a_sorted_map_over_random_histories) {
  const unsigned seed = 20'261'121;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  std::uint64_t now = 12345;
  TimerWheel wheel(now);
  std::vector<TimerNode> nodes(200);
  std::map<TimerNode*, std::uint64_t> armed;
  for (int step = 0; step < 50'000; ++step) {
    TimerNode& node = nodes[random() % nodes.size()];
    switch (random() % 4) {
      case 0:
      case 1: {
        const std::uint64_t deadline = now + random() % 200'000;
        wheel.arm(node, deadline);
        armed[&node] = deadline;
        break;
      }
      case 2:
        wheel.disarm(node);
        armed.erase(&node);
        break;
      default:
        now += random() % 3000;
        while (TimerNode* due = wheel.pop_due(now)) {
          ASSERT_EQ(armed.count(due), 1u);
          ASSERT_LE(armed[due], now);
          armed.erase(due);
        }
        for (const auto& [pending, deadline] : armed)
          ASSERT_GT(deadline + TimerWheel::tick_ms, now);
    }
    ASSERT_EQ(wheel.armed(), armed.size());
  }
  for (auto& node : nodes) wheel.disarm(node);
}

}  // namespace
}  // namespace pelton
