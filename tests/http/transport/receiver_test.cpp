#include "http/transport/receiver.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

#include "tests/http/transport/lone_transport.hpp"

namespace pelton::http {
namespace {

TEST(Receiver, ENG_012_memory_that_was_given_up_stays_until_its_receive_ends) {
  LoneTransport world;
  Transport& transport = *world.transport;
  {
    Output room(world.blocks);
    transport.receiver().arm({room.reserve(100), 100});
    EXPECT_TRUE(transport.receiver().is_into_room());
    transport.receiver().keep_room(std::move(room));
  }
  EXPECT_EQ(world.blocks.blocks_lent(), 1u);
  world.collect();
  EXPECT_EQ(world.blocks.blocks_lent(), 0u);
  EXPECT_FALSE(transport.receiver().is_armed());
}

TEST(Receiver, octets_come_right_into_room) {
  LoneTransport world;
  Transport& transport = *world.transport;
  std::array<char, 8> room{};
  transport.receiver().arm(room);
  world.engine.deliver(world.peer, "octets");
  world.collect();
  EXPECT_EQ(world.last_arrival, Arrival::own_octets);
  EXPECT_EQ(std::string(room.data(), 6), "octets");
}

}  // namespace
}  // namespace pelton::http
