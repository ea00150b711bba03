#include "http/serve/idle_order.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>

namespace pelton::http {
namespace {

// Connections as the server would tell of them, and how often it is asked.
class IdleOrderTest : public testing::Test {
 protected:
  void open(std::uint32_t slot, std::uint64_t now_ms) {
    active_ms_[slot] = now_ms;
    order_.add(slot, 1, now_ms, active_ms_.size(),
               [&](const IdleOrder::Entry& entry) { return active_ms_.contains(entry.slot); });
  }
  std::optional<std::uint32_t> take(std::uint64_t since_ms) {
    const auto taken = order_.take(since_ms, [&](const IdleOrder::Entry& entry) {
      ++looks_;
      const auto found = active_ms_.find(entry.slot);
      return found == active_ms_.end() ? std::nullopt : std::optional(found->second);
    });
    if (!taken) return std::nullopt;
    active_ms_.erase(taken->slot);
    return taken->slot;
  }

  IdleOrder order_;
  std::map<std::uint32_t, std::uint64_t> active_ms_;
  std::size_t looks_ = 0;
};

TEST_F(IdleOrderTest, PRC_042_the_longest_idle_comes_first) {
  for (const std::uint32_t slot : {0u, 1u, 2u}) open(slot, slot);
  active_ms_[0] = 50;
  active_ms_[1] = 20;
  EXPECT_EQ(take(100), 2u);
  EXPECT_EQ(take(100), 1u);
  EXPECT_EQ(take(49), std::nullopt);
  EXPECT_EQ(take(50), 0u);
  EXPECT_EQ(take(100), std::nullopt);
}

TEST_F(IdleOrderTest, PRC_042_of_several_in_one_millisecond_the_lower_slot_comes_first) {
  for (const std::uint32_t slot : {3u, 1u, 0u, 2u}) open(slot, 7);
  for (const std::uint32_t slot : {0u, 1u, 2u, 3u}) EXPECT_EQ(take(100), slot);
}

TEST_F(IdleOrderTest, PRC_042_nobody_is_looked_at_again_before_its_time) {
  constexpr std::uint32_t count = 1000;
  for (std::uint32_t slot = 0; slot < count; ++slot) open(slot, 0);
  for (auto& [slot, active_ms] : active_ms_) active_ms = 5000;
  EXPECT_EQ(take(4000), std::nullopt);
  EXPECT_EQ(looks_, count);
  for (std::uint64_t since_ms = 4000; since_ms < 5000; since_ms += 64) {
    EXPECT_EQ(take(since_ms), std::nullopt);
  }
  EXPECT_EQ(looks_, count);
  EXPECT_TRUE(take(5000));
  EXPECT_EQ(looks_, count + 1);
}

TEST_F(IdleOrderTest, those_that_are_gone_are_forgotten) {
  for (std::uint32_t slot = 0; slot < 10'000; ++slot) {
    open(slot, slot);
    if (slot >= 10) active_ms_.erase(slot - 10);
    EXPECT_LE(order_.size(), 100u);
  }
  EXPECT_EQ(take(20'000), 9990u);
}

}  // namespace
}  // namespace pelton::http
