#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <vector>

#include "uring/memory/memory_engine.hpp"

namespace pelton::uring {
namespace {

Token token(Operation operation) {
  return Token(operation, 1, 1);
}

class MemoryPeer : public ::testing::Test {
 protected:
  std::vector<Completion> turn() {
    std::vector<Completion> out(64);
    out.resize(engine_.turn(out, 0, WaitHook{}));
    return out;
  }

  Descriptor accept_one() {
    engine_.accept(token(Operation::accept), listener_);
    const auto out = turn();
    EXPECT_EQ(out.size(), 1u);
    engine_.cancel(token(Operation::cancel), token(Operation::accept));
    EXPECT_EQ(turn().size(), 2u);
    return out.at(0).result;
  }

  void close(Descriptor socket) {
    engine_.close(token(Operation::close), socket);
    EXPECT_EQ(turn().size(), 1u);
  }

  MemoryEngine engine_;
  Descriptor listener_ = engine_.listen();
};

TEST_F(MemoryPeer, waits_in_the_backlog_with_its_octets) {
  const Peer peer = engine_.connect(listener_);
  engine_.deliver(peer, "early");
  EXPECT_FALSE(engine_.closed(peer));
  const Descriptor socket = accept_one();
  engine_.receive(token(Operation::receive), socket);
  const auto out = turn();
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].result, 5);
  engine_.buffers().give_back(out[0].buffer);
}

TEST_F(MemoryPeer, sees_a_reset_when_the_server_closes_with_octets_unread) {
  const Peer peer = engine_.connect(listener_);
  const Descriptor socket = accept_one();
  engine_.deliver(peer, "never read");
  close(socket);
  EXPECT_TRUE(engine_.closed(peer));
  EXPECT_TRUE(engine_.server_reset(peer));
}

TEST_F(MemoryPeer, sees_the_cut_of_a_slow_peer_as_reset) {  // CON-032
  const Peer peer = engine_.connect(listener_);
  engine_.reset(accept_one());
  EXPECT_TRUE(engine_.closed(peer));
  EXPECT_TRUE(engine_.server_reset(peer));
  engine_.deliver(peer, "to nobody");
}

TEST_F(MemoryPeer, is_reset_when_the_listener_closes_before_the_accept) {
  const Peer peer = engine_.connect(listener_);
  close(listener_);
  EXPECT_TRUE(engine_.closed(peer));
  EXPECT_TRUE(engine_.server_reset(peer));
}

TEST_F(MemoryPeer, half_closes_and_still_reads) {  // CON-042
  const Peer peer = engine_.connect(listener_);
  const Descriptor socket = accept_one();
  engine_.receive(token(Operation::receive), socket);
  engine_.finish(peer);
  auto out = turn();
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].result, 0);
  EXPECT_FALSE(out[0].more);
  engine_.send(token(Operation::send), socket, std::string_view("answer"));
  out = turn();
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].result, 6);
  EXPECT_EQ(engine_.take_sent(peer), "answer");
}

TEST_F(MemoryPeer, that_hung_up_draws_a_broken_pipe_on_the_second_send) {
  const Peer peer = engine_.connect(listener_);
  const Descriptor socket = accept_one();
  engine_.hang_up(peer);
  for (const int expected : {1, -EPIPE, -EPIPE}) {
    engine_.send(token(Operation::send), socket, std::string_view("x"));
    const auto out = turn();
    ASSERT_EQ(out.size(), 1u);
    EXPECT_EQ(out[0].result, expected);
  }
}

TEST_F(MemoryPeer, that_leaves_octets_unread_resets) {
  const Peer peer = engine_.connect(listener_);
  const Descriptor socket = accept_one();
  engine_.send(token(Operation::send), socket, std::string_view("x"));
  turn();
  engine_.receive(token(Operation::receive), socket);
  engine_.hang_up(peer);
  const auto out = turn();
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].result, -ECONNRESET);
}

TEST_F(MemoryPeer, descriptors_are_reused_once_both_sides_are_gone) {
  const Peer first = engine_.connect(listener_);
  const Descriptor socket = accept_one();
  close(socket);
  const Peer second = engine_.connect(listener_);
  EXPECT_NE(accept_one(), socket);
  engine_.hang_up(first);
  const Peer third = engine_.connect(listener_);
  EXPECT_EQ(accept_one(), socket);
  EXPECT_NE(third, first);
  EXPECT_NE(third, second);
}

TEST_F(MemoryPeer, may_hang_up_before_the_accept) {
  engine_.hang_up(engine_.connect(listener_));
  const Descriptor socket = accept_one();
  engine_.receive(token(Operation::receive), socket);
  const auto out = turn();
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].result, 0);
  close(socket);
}

}  // namespace
}  // namespace pelton::uring
