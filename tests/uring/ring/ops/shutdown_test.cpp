#include "uring/ring/ops/shutdown.hpp"

#include <gtest/gtest.h>

#include "tests/uring/ring/ring_fixture.hpp"

namespace pelton::uring {
namespace {

TEST_F(RingTest, shutdown_follows_the_send_prepared_before_it) {
  SocketPair pair = make_pair();
  engine_->send(token(Operation::send), pair.server.get(), std::string_view("bye"));
  engine_->shutdown(token(Operation::shutdown), pair.server.get());
  EXPECT_EQ(engine_->operations_in_flight(), 2u);
  const auto both = collect(2);
  for (const Completion& completion : both) EXPECT_GE(completion.result, 0);
  EXPECT_EQ(read_some(pair.client.get()), "bye");
  EXPECT_EQ(read_some(pair.client.get()), "");
}

TEST_F(RingTest, shutdown_of_a_socket_without_peer_says_so) {
  OwnedDescriptor lone(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  engine_->shutdown(token(Operation::shutdown), lone.get());
  EXPECT_EQ(collect_one().result, -ENOTCONN);
}

}  // namespace
}  // namespace pelton::uring
