#include "http/serve/orphaned_handler.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace pelton::http {
namespace {

using Place = std::unique_ptr<OrphanedHandler>;

void end(void* place) {
  static_cast<Place*>(place)->reset();
}

TEST(OrphanedHandler, LIM_033_it_counts_until_it_ends) {
  OrphanedHandlers all(0);
  Place first = std::make_unique<OrphanedHandler>(all, TimerWheel::no_deadline_ms, end, &first);
  Place second = std::make_unique<OrphanedHandler>(all, 1000, end, &second);
  EXPECT_EQ(all.count(), 2u);
  first.reset();
  EXPECT_EQ(all.count(), 1u);
  second.reset();
  EXPECT_EQ(all.count(), 0u);
  EXPECT_EQ(all.next_wake_ms(), TimerWheel::no_deadline_ms);
}

TEST(OrphanedHandler, CON_005_its_limit_comes_once_and_may_end_it) {
  OrphanedHandlers all(0);
  Place place = std::make_unique<OrphanedHandler>(all, 1000, end, &place);
  EXPECT_LE(all.next_wake_ms(), 1000 + TimerWheel::tick_ms);
  EXPECT_EQ(all.pop_due(999), nullptr);
  OrphanedHandler* const due = all.pop_due(1000 + TimerWheel::tick_ms);
  ASSERT_EQ(due, place.get());
  EXPECT_EQ(all.pop_due(100'000), nullptr);
  due->expire();
  EXPECT_EQ(place, nullptr);
  EXPECT_EQ(all.count(), 0u);
}

TEST(OrphanedHandler, it_may_outlive_the_server) {
  std::optional<OrphanedHandlers> all(std::in_place, 0);
  Place limited = std::make_unique<OrphanedHandler>(*all, 1000, end, &limited);
  Place unlimited =
      std::make_unique<OrphanedHandler>(*all, TimerWheel::no_deadline_ms, end, &unlimited);
  all.reset();
  limited.reset();
  unlimited.reset();
}

}  // namespace
}  // namespace pelton::http
