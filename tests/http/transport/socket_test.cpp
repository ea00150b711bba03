#include "http/transport/socket.hpp"

#include <gtest/gtest.h>

#include <poll.h>

#include <cerrno>

#include "tests/http/transport/lone_transport.hpp"

namespace pelton::http {
namespace {

TEST(Socket, ENG_035_a_send_without_memory_is_tried_again_three_times) {
  LoneTransport world;
  Transport& transport = *world.transport;
  transport.sender().output().append("octets");
  EXPECT_EQ(transport.sender().begin_send(ENOMEM), Reason::none);
  EXPECT_TRUE(transport.sender().is_sending());
  EXPECT_EQ(world.shared.retries.top().at_ns, 1'000'000u);
  EXPECT_EQ(world.shared.retries.top().place, world.place);
  const std::size_t others = world.engine.operations_in_flight();
  EXPECT_FALSE(transport.retry());  // too early
  EXPECT_EQ(world.engine.operations_in_flight(), others);
  world.clock.advance_ns(1'000'000);
  EXPECT_FALSE(transport.retry());  // of no receive
  EXPECT_EQ(world.engine.operations_in_flight(), others + 1);
  EXPECT_EQ(transport.sender().complete_send(-ENOMEM), Reason::none);
  EXPECT_EQ(transport.sender().complete_send(-ENOMEM), Reason::none);
  EXPECT_EQ(transport.sender().complete_send(-ENOMEM), Reason::cut_engine_memory);
  world.collect();
}

TEST(Socket, an_errno_says_who_is_to_blame) {
  LoneTransport world;
  Transport& transport = *world.transport;
  EXPECT_EQ(transport.sender().complete_send(-ECONNRESET), Reason::lost_reset);
  EXPECT_EQ(transport.sender().complete_send(-ETIMEDOUT), Reason::lost_timeout);
  EXPECT_EQ(transport.sender().complete_send(-EDOM), Reason::cut_engine_unknown);
  EXPECT_EQ(transport.sender().complete_room(POLLERR), Reason::lost_reset);
  EXPECT_EQ(transport.receiver().take({.token = world.place, .result = -EPIPE}), Arrival::failed);
  EXPECT_EQ(transport.receiver().failure(), Reason::lost_reset);
}

}  // namespace
}  // namespace pelton::http
