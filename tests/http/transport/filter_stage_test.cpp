#include "http/transport/filter_stage.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include <memory>
#include <span>
#include <string>

#include "tests/http/transport/lone_transport.hpp"
#include "tests/support/line_echo.hpp"

namespace pelton::http {
namespace {

TEST(FilterStage, a_filter_stands_between_output_and_socket) {
  LoneTransport world;
  Transport& transport = *world.transport;
  transport.set_filter(std::make_unique<support::XorFilter>(), 0);
  EXPECT_TRUE(transport.sender().can_send());  // its greeting
  transport.sender().output().append("octets");
  EXPECT_GT(transport.sender().send_at_once(), 0);
  EXPECT_TRUE(transport.sender().is_sending());
  world.collect();
  EXPECT_EQ(world.engine.take_sent(world.peer), "xor\n" + support::XorFilter::of("octets"));
  std::string wire = support::XorFilter::of("plain");
  std::span<char> octets(wire);
  EXPECT_EQ(transport.receiver().open(octets), Reason::none);
  EXPECT_EQ(std::string(octets.data(), octets.size()), "plain");
  EXPECT_EQ(transport.sender().send_file(0, 0, 100), -EOPNOTSUPP);
}

}  // namespace
}  // namespace pelton::http
