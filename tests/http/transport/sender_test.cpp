#include "http/transport/sender.hpp"

#include <gtest/gtest.h>

#include "tests/http/transport/lone_transport.hpp"

namespace pelton::http {
namespace {

TEST(Sender, what_is_queued_leaves_in_one_send) {
  LoneTransport world;
  Transport& transport = *world.transport;
  EXPECT_FALSE(transport.sender().can_send());
  transport.sender().output().append("one ");
  transport.sender().output().append("two");
  EXPECT_TRUE(transport.sender().can_send());
  EXPECT_EQ(transport.sender().begin_send(), Reason::none);
  EXPECT_TRUE(transport.sender().is_sending());
  EXPECT_EQ(transport.sender().queued_bytes(), 7u);
  transport.sender().output().append("three");
  EXPECT_FALSE(transport.sender().can_send());
  world.collect();
  EXPECT_FALSE(transport.sender().is_sending());
  EXPECT_EQ(transport.sender().queued_bytes(), 5u);
  EXPECT_EQ(world.engine.take_sent(world.peer), "one two");
}

TEST(Sender, CON_004_a_send_is_overdue_after_its_grace) {
  LoneTransport world;
  Transport& transport = *world.transport;
  EXPECT_EQ(transport.deadline_ms(), TimerWheel::no_deadline_ms);
  transport.sender().output().append("octets");
  EXPECT_EQ(transport.sender().begin_send(), Reason::none);
  EXPECT_EQ(transport.deadline_ms(), rules.rate_grace_ms);
  EXPECT_EQ(transport.overdue(rules.rate_grace_ms - 1), Reason::none);
  EXPECT_EQ(transport.overdue(rules.rate_grace_ms), Reason::cut_send_too_slow);
  world.collect();
  EXPECT_EQ(transport.overdue(rules.rate_grace_ms), Reason::none);
}

}  // namespace
}  // namespace pelton::http
