#include "uring/memory/memory_engine.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

namespace pelton::uring {
namespace {

constexpr WaitHook no_hook{};

Token token(Operation operation, std::uint32_t slot = 1) {
  return Token(operation, 1, slot);
}

std::vector<Completion> turn(MemoryEngine& engine, std::size_t room = 64) {
  std::vector<Completion> out(room);
  out.resize(engine.turn(out, 0, no_hook));
  return out;
}

struct Served {
  Peer peer;
  Descriptor socket = -1;
};

Served connect_and_accept(MemoryEngine& engine) {
  const Descriptor listener = engine.listen();
  engine.accept(token(Operation::accept, 9), listener);
  const Peer peer = engine.connect(listener);
  const auto accepted = turn(engine);
  EXPECT_EQ(accepted.size(), 1u);
  EXPECT_TRUE(accepted[0].more);
  engine.close(token(Operation::close, 9), listener);
  EXPECT_EQ(turn(engine).size(), 2u);
  return {peer, accepted[0].result};
}

std::string text_of(MemoryEngine& engine, const Completion& completion) {
  EXPECT_NE(completion.buffer, no_buffer);
  const BufferLease lease(engine.buffers(), completion.buffer,
                          static_cast<std::size_t>(completion.result));
  return std::string(lease.view());
}

TEST(MemoryEngine, carries_octets_both_ways) {
  MemoryEngine engine;
  const auto [peer, socket] = connect_and_accept(engine);
  engine.receive(token(Operation::receive), socket);
  engine.deliver(peer, "GET /");
  engine.deliver(peer, " HTTP/1.1");
  const auto received = turn(engine);
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(text_of(engine, received[0]), "GET / HTTP/1.1");
  EXPECT_TRUE(received[0].more);

  const std::string answer = "HTTP/1.1 200 OK";
  engine.send(token(Operation::send), socket, answer);
  EXPECT_EQ(engine.sent(peer), "");
  const auto sent = turn(engine);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].result, static_cast<int>(answer.size()));
  EXPECT_EQ(engine.take_sent(peer), answer);
  EXPECT_EQ(engine.take_sent(peer), "");

  engine.close(token(Operation::close), socket);
  EXPECT_EQ(turn(engine).size(), 2u);
  EXPECT_TRUE(engine.closed(peer));
  EXPECT_TRUE(engine.server_shutdown(peer));
  EXPECT_FALSE(engine.server_reset(peer));
  engine.hang_up(peer);
  EXPECT_EQ(engine.operations_in_flight(), 0u);  // ENG-017
  EXPECT_EQ(engine.buffers().leases_out(), 0u);
}

TEST(MemoryEngine, a_receive_never_crosses_a_piece) {
  MemoryEngine engine;
  const auto [peer, socket] = connect_and_accept(engine);
  engine.receive(token(Operation::receive), socket);
  engine.deliver(peer, "ab");
  engine.deliver(peer, "cdefgh", std::array<std::size_t, 3>{1, 3, 1});
  std::vector<std::string> pieces;
  for (const Completion& completion : turn(engine)) pieces.push_back(text_of(engine, completion));
  EXPECT_EQ(pieces, (std::vector<std::string>{"ab", "c", "def", "g", "h"}));
}

TEST(MemoryEngine, nothing_ready_returns_zero_at_once) {
  MemoryEngine engine;
  const auto [peer, socket] = connect_and_accept(engine);
  engine.receive(token(Operation::receive), socket);
  std::array<Completion, 4> out;
  int waits = 0;
  const WaitHook hook{[](void* count) { ++*static_cast<int*>(count); }, nullptr, &waits};
  EXPECT_EQ(engine.turn(out, no_deadline, hook), 0u);
  EXPECT_EQ(waits, 0);
}

TEST(MemoryEngine, completions_beyond_the_array_come_in_the_next_turn) {
  MemoryEngine engine;
  for (std::uint32_t slot = 0; slot < 5; ++slot) engine.nop(token(Operation::nop, slot));
  EXPECT_EQ(turn(engine, 2).size(), 2u);
  EXPECT_EQ(engine.operations_in_flight(), 3u);
  EXPECT_EQ(turn(engine, 2).size(), 2u);
  EXPECT_EQ(turn(engine, 2).size(), 1u);
  EXPECT_EQ(engine.operations_in_flight(), 0u);
}

TEST(MemoryEngine, ENG_027_a_full_window_makes_sends_short_and_then_wait) {
  MemoryEngine engine;
  const auto [peer, socket] = connect_and_accept(engine);
  engine.set_window(peer, 4);
  engine.send(token(Operation::send), socket, std::string_view("abcdef"));
  auto out = turn(engine);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].result, 4);
  engine.send(token(Operation::send), socket, std::string_view("ef"));
  EXPECT_TRUE(turn(engine).empty());
  EXPECT_EQ(engine.take_sent(peer), "abcd");
  out = turn(engine);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].result, 2);
  EXPECT_EQ(engine.take_sent(peer), "ef");
}

TEST(MemoryEngine, a_reset_is_told_once_and_then_the_end) {
  MemoryEngine engine;
  const auto [peer, socket] = connect_and_accept(engine);
  engine.deliver(peer, "x");
  engine.reset(peer);
  engine.receive(token(Operation::receive), socket);
  auto out = turn(engine);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(text_of(engine, out[0]), "x");
  EXPECT_EQ(out[1].result, -ECONNRESET);
  EXPECT_FALSE(out[1].more);
  engine.send(token(Operation::send), socket, std::string_view("late"));
  engine.receive(token(Operation::receive), socket);
  engine.shutdown(token(Operation::shutdown), socket);
  out = turn(engine);
  ASSERT_EQ(out.size(), 3u);
  EXPECT_EQ(out[0].result, -ENOTCONN);
  EXPECT_EQ(out[1].result, 0);
  EXPECT_EQ(out[2].result, -EPIPE);
}

TEST(MemoryEngine, poll_tells_what_is_ready) {
  MemoryEngine engine;
  const auto [peer, socket] = connect_and_accept(engine);
  engine.poll(token(Operation::poll), socket, POLLIN);
  EXPECT_TRUE(turn(engine).empty());
  engine.deliver(peer, "x");
  auto out = turn(engine);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].result, POLLIN);
  engine.poll(token(Operation::poll), 0, POLLIN);
  EXPECT_TRUE(turn(engine).empty());
  engine.cancel(token(Operation::cancel), token(Operation::poll));
  out = turn(engine);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].result, -ECANCELED);
  EXPECT_EQ(out[1].result, 0);
}

TEST(MemoryEngine, operations_on_what_is_not_open_fail_with_their_errno) {
  MemoryEngine engine;
  const Descriptor listener = engine.listen();
  engine.receive(token(Operation::receive), 5);
  engine.receive(token(Operation::receive), listener);
  engine.close(token(Operation::close), -1);
  engine.poll(token(Operation::poll), -1, POLLIN);
  const auto out = turn(engine);
  ASSERT_EQ(out.size(), 4u);
  EXPECT_EQ(out[0].result, -EBADF);
  EXPECT_EQ(out[1].result, -ENOTCONN);
  EXPECT_EQ(out[2].result, -EBADF);
  EXPECT_EQ(out[3].result, -EBADF);
}

}  // namespace
}  // namespace pelton::uring
