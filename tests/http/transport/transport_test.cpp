#include "http/transport/transport.hpp"

#include <gtest/gtest.h>

#include "tests/http/transport/lone_transport.hpp"

namespace pelton::http {
namespace {

TEST(Transport, CON_030_lingers_until_the_peer_is_silent_or_its_time_is_over) {
  LoneTransport world;
  Transport& transport = *world.transport;
  transport.finish();
  ASSERT_TRUE(transport.linger());
  EXPECT_EQ(world.shared.lingering_count, 1u);
  transport.receiver().arm();
  EXPECT_EQ(transport.overdue(999), Reason::none);
  EXPECT_EQ(transport.overdue(1000), Reason::closed_linger_timeout);
  for (int second = 0; second < 5; ++second) {
    world.clock.advance_ns(900'000'000);
    transport.note_discarded();
  }
  EXPECT_EQ(transport.overdue(2999), Reason::none);
  EXPECT_EQ(transport.overdue(3000), Reason::closed_linger_timeout);
  transport.close();
  EXPECT_EQ(world.shared.lingering_count, 0u);
}

TEST(Transport, CON_031_none_lingers_beyond_the_bound_or_when_there_are_many) {
  LoneTransport world;
  Transport& transport = *world.transport;
  world.shared.lingering_count = rules.lingering_max;
  EXPECT_FALSE(transport.linger());
  world.shared.lingering_count = 0;
  world.shared.live_count = 3;
  EXPECT_FALSE(transport.linger());
  world.shared.live_count = 1;
  EXPECT_TRUE(transport.linger());
}

}  // namespace
}  // namespace pelton::http
