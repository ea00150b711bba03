// The contract of turn() on every engine: no free buffers, waiting, an end with operations in
// flight, and the same octets on every engine.
#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "engine_contract.hpp"
#include "tests/support/allocations.hpp"

namespace pelton::uring {
namespace {

struct Waits {
  int before = 0;
  int after = 0;
  WaitHook hook() {
    return {[](void* waits) { ++static_cast<Waits*>(waits)->before; },
            [](void* waits) { ++static_cast<Waits*>(waits)->after; }, this};
  }
};

class EngineTurn : public EngineContract {};

class EngineWithFewBuffers : public EngineContract {
 protected:
  void SetUp() override { start({.receive_buffer_count = 32, .receive_buffer_bytes = 64}); }
};

TEST_P(EngineTurn, ENG_015_turns_that_leave_nothing_behind_have_told_all_there_is) {
  // More than the kernel of a ring returns at once.
  constexpr std::size_t count = 50;
  std::vector<Connection> connections;
  for (std::size_t index = 0; index < count; ++index) {
    connections.push_back(connect());
    const auto slot = static_cast<std::uint32_t>(index);
    engine().receive(Token(Operation::receive, 1, slot), connections.back().socket);
  }
  turn();
  for (const Connection& connection : connections) world_->deliver(connection.peer, "x");
  std::size_t told = 0;
  do {
    for (const Completion& completion : turn()) {
      EXPECT_EQ(completion.result, 1);
      engine().buffers().give_back(completion.buffer);
      ++told;
    }
  } while (engine().left_behind());
  EXPECT_EQ(told, count);
  for (std::uint32_t slot = 0; slot < count; ++slot) cancel(Token(Operation::receive, 1, slot));
  for (const Connection& connection : connections) close(connection.socket);
}

TEST_P(EngineWithFewBuffers, ENG_020_running_dry_ends_the_receive_and_loses_nothing) {
  const auto [peer, socket] = connect();
  std::string asked;
  for (int count = 0; count < 1500; ++count) asked += std::to_string(count) + ' ';
  engine().receive(token(Operation::receive), socket);
  turn();
  world_->deliver(peer, asked);
  std::string text;
  int dry = 0;
  while (text.size() < asked.size()) {
    // Kept until the engine has no free buffer.
    std::vector<Completion> kept;
    for (bool dried = false; !dried && text.size() < asked.size();) {
      for (const Completion& completion : next()) {
        if (completion.result == -ENOBUFS) {
          EXPECT_FALSE(completion.more);
          EXPECT_EQ(completion.buffer, no_buffer);
          dried = true;
          ++dry;
        } else {
          ASSERT_GT(completion.result, 0);
          text.append(engine().buffers().data(completion.buffer),
                      static_cast<std::size_t>(completion.result));
          kept.push_back(completion);
        }
      }
    }
    if (text.size() < asked.size()) {
      EXPECT_EQ(engine().buffers().leases_out(), kept.size());
      EXPECT_EQ(kept.size(), engine().buffers().buffer_count());
    }
    for (const Completion& completion : kept) engine().buffers().give_back(completion.buffer);
    if (text.size() < asked.size()) engine().receive(token(Operation::receive), socket);
  }
  EXPECT_EQ(text, asked);
  EXPECT_GT(dry, 0);
  engine().cancel(token(Operation::cancel), token(Operation::receive));
  engine().close(token(Operation::close), socket);
  end_all();
}

TEST_P(EngineWithFewBuffers, ENG_020_private_memory_works_while_no_buffer_is_left) {
  const auto [peer, socket] = connect();
  const auto [other_peer, other] = connect();
  engine().receive(token(Operation::receive, 1), socket);
  turn();
  world_->deliver(peer, std::string(64 * 32, 'a'));
  std::vector<BufferLease> leases;
  while (leases.size() < 32) {
    for (const Completion& completion : next()) {
      if (completion.result == -ENOBUFS) continue;
      leases.emplace_back(engine().buffers(), completion.buffer,
                          static_cast<std::size_t>(completion.result));
    }
  }
  world_->deliver(other_peer, "through");
  std::array<char, 16> memory;
  engine().receive_into(token(Operation::receive, 2), other, memory);
  const Completion completion = collect(1)[0];
  EXPECT_EQ(completion.token, token(Operation::receive, 2));
  EXPECT_EQ(completion.result, 7);
  EXPECT_EQ(std::string_view(memory.data(), 7), "through");
  leases.clear();
  engine().cancel(token(Operation::cancel), token(Operation::receive, 1));
  engine().close(token(Operation::close, 1), socket);
  engine().close(token(Operation::close, 2), other);
  end_all();
}

TEST_P(EngineTurn, calls_the_hook_only_around_a_wait_that_blocks) {
  const auto [peer, socket] = connect();
  engine().receive(token(Operation::receive), socket);
  turn();
  std::array<Completion, 8> out;
  Waits waits;
  // No wait if there is a completion to return.
  engine().nop(token(Operation::nop));
  EXPECT_EQ(engine().turn(out, no_deadline, waits.hook()), 1u);
  EXPECT_EQ(waits.before, 0);
  // No wait with a past deadline.
  EXPECT_EQ(engine().turn(out, 0, waits.hook()), 0u);
  EXPECT_EQ(engine().turn(out, now_ns() - 1, waits.hook()), 0u);
  EXPECT_EQ(waits.before, 0);
  // No wait if a send was taken at once.
  engine().send(token(Operation::send), socket, std::string_view("x"));
  EXPECT_EQ(engine().turn(out, no_deadline, waits.hook()), 1u);
  EXPECT_EQ(out[0].token, token(Operation::send));
  EXPECT_EQ(waits.before, 0);
  // A wait if there is nothing to return; the hook's two calls come in pairs.
  EXPECT_EQ(engine().turn(out, now_ns() + 1'000'000, waits.hook()), 0u);
  EXPECT_EQ(waits.before, engine().kind() == EngineKind::memory ? 0 : 1);
  EXPECT_EQ(waits.after, waits.before);
  cancel(token(Operation::receive));
  close(socket);
}

TEST_P(EngineTurn, never_returns_empty_before_the_deadline) {
  if (engine().kind() == EngineKind::memory) GTEST_SKIP() << "moves no clock of its own";
  // On a thread of its own: when the kernel takes down the rings of earlier tests, it interrupts
  // the waits of their thread, as a signal does.
  std::thread([] {
    const auto world = EngineWorld::open(GetParam(), EngineOptions{});
    std::array<Completion, 4> out;
    for (const std::uint64_t wait_ns : {1u, 50'000u, 999'999u, 1'000'001u, 3'500'000u}) {
      const std::uint64_t deadline_ns = now_ns() + wait_ns;
      EXPECT_EQ(world->engine().turn(out, deadline_ns, WaitHook{}), 0u);
      EXPECT_GE(now_ns(), deadline_ns);
    }
  }).join();
}

TEST_P(EngineTurn, what_does_not_fit_comes_with_the_next_turn) {
  constexpr std::uint32_t nops = 10;
  for (std::uint32_t slot = 0; slot < nops; ++slot) engine().nop(token(Operation::nop, slot));
  std::array<Completion, 3> out;
  Waits waits;
  std::uint32_t next = 0;
  while (next < nops) {
    const std::size_t count = engine().turn(out, no_deadline, waits.hook());
    ASSERT_GT(count, 0u);
    for (std::size_t index = 0; index < count; ++index) EXPECT_EQ(out[index].token.slot(), next++);
    EXPECT_EQ(engine().operations_in_flight(), nops - next);
  }
  EXPECT_EQ(waits.before, 0);
}

TEST_P(EngineTurn, a_burst_of_accepts_and_receives_fits_a_small_array) {
  const Descriptor listener = world_->listen();
  engine().accept(token(Operation::accept), listener);
  for (int count = 0; count < 20; ++count) world_->deliver(world_->connect(listener), "hello");
  std::array<Completion, 2> out;
  std::map<std::uint32_t, Descriptor> sockets;
  std::string text;
  const std::uint64_t deadline_ns = now_ns() + patience_ns;
  while (text.size() < 100 && now_ns() < deadline_ns) {
    const std::size_t count = engine().turn(out, deadline_ns, WaitHook{});
    for (const Completion& completion : std::span(out).first(count)) {
      if (completion.token.operation() == Operation::accept) {
        const auto slot = static_cast<std::uint32_t>(sockets.size());
        sockets[slot] = completion.result;
        engine().receive(token(Operation::receive, slot), completion.result);
      } else {
        take(completion, text);
      }
    }
  }
  EXPECT_EQ(text.size(), 100u);
  for (const auto& [slot, socket] : sockets) {
    cancel(token(Operation::receive, slot));
    close(socket);
  }
  cancel(token(Operation::accept));
  close(listener);
}

TEST_P(EngineTurn, ENG_017_cancel_and_close_in_one_turn_leave_nothing) {
  const auto [peer, socket] = connect();
  engine().receive(token(Operation::receive), socket);
  engine().poll(token(Operation::poll), socket, POLLPRI);
  turn();
  engine().cancel(token(Operation::cancel, 1), token(Operation::receive));
  engine().cancel(token(Operation::cancel, 2), token(Operation::poll));
  engine().close(token(Operation::close), socket);
  const auto ended = collect(5);
  EXPECT_EQ(under(ended, token(Operation::receive)).result, -ECANCELED);
  EXPECT_FALSE(under(ended, token(Operation::receive)).more);
  EXPECT_EQ(under(ended, token(Operation::poll)).result, -ECANCELED);
  EXPECT_EQ(under(ended, token(Operation::close)).result, 0);
  EXPECT_EQ(engine().operations_in_flight(), 0u);
}

TEST_P(EngineTurn, descriptors_come_back_clean) {  // ENG-013
  const Descriptor listener = world_->listen();
  engine().accept(token(Operation::accept, 50), listener);
  std::map<Descriptor, int> seen;
  for (std::uint32_t round = 0; round < 20; ++round) {
    const std::size_t peer = world_->connect(listener);
    const Descriptor socket = collect(1)[0].result;
    ++seen[socket];
    engine().receive(Token(Operation::receive, round, 1), socket);
    world_->deliver(peer, "round " + std::to_string(round));
    const Completion completion = collect(1)[0];
    EXPECT_EQ(completion.token.generation(), round);
    std::string text;
    take(completion, text);
    EXPECT_EQ(text, "round " + std::to_string(round));
    cancel(Token(Operation::receive, round, 1));
    close(socket);
  }
  cancel(token(Operation::accept, 50));
  close(listener);
}

// One conversation with cuts, a half-close and pipelined octets; the octets that the peer gets must
// not depend on the engine.
TEST_P(EngineTurn, ENG_008_every_engine_gives_the_same_octets) {
  const auto [peer, socket] = connect();
  world_->narrow(peer, socket);
  engine().receive(token(Operation::receive), socket);
  std::string asked;
  for (std::size_t line = 0; line < 2000; ++line) asked += "line " + std::to_string(line) + "\n";

  std::string heard;
  std::string pending;
  std::string sending;
  std::size_t delivered = 0;
  bool at_end = false;
  const std::uint64_t deadline_ns = now_ns() + patience_ns;
  while (now_ns() < deadline_ns && heard.size() < asked.size()) {
    if (delivered < asked.size()) {
      const std::size_t bytes = std::min<std::size_t>(997, asked.size() - delivered);
      world_->deliver(peer, std::string_view(asked).substr(delivered, bytes));
      delivered += bytes;
      if (delivered == asked.size()) world_->finish(peer);
    }
    for (const Completion& completion : turn()) {
      if (completion.token == token(Operation::send)) {
        ASSERT_GT(completion.result, 0);
        sending.erase(0, static_cast<std::size_t>(completion.result));
        pending.insert(0, std::exchange(sending, {}));
      } else if (completion.result > 0) {
        take(completion, pending);
      } else {
        EXPECT_EQ(completion.result, 0);
        at_end = true;
      }
    }
    if (sending.empty() && !pending.empty()) {
      sending.swap(pending);
      engine().send(token(Operation::send), socket, sending);
    }
    heard += world_->take(peer);
  }
  EXPECT_TRUE(heard == asked);
  EXPECT_TRUE(at_end);
  end_all();
  close(socket);
}

// A request and its answer, over and over: the heap is not used any more.
TEST_P(EngineTurn, steady_state_allocates_nothing) {
  const auto [peer, socket] = connect();
  engine().receive(token(Operation::receive), socket);
  turn();
  std::array<Completion, 8> out;
  std::uint64_t before = 0;
  std::uint64_t inside = 0;
  for (int round = 0; round < 1100; ++round) {
    world_->deliver(peer, "question");
    before = support::allocations();
    std::size_t count = engine().turn(out, now_ns() + patience_ns, WaitHook{});
    ASSERT_EQ(count, 1u);
    engine().buffers().give_back(out[0].buffer);
    engine().send(token(Operation::send), socket, std::string_view("the answer"));
    count = engine().turn(out, now_ns() + patience_ns, WaitHook{});
    ASSERT_EQ(count, 1u);
    if (round >= 100) inside += support::allocations() - before;
    world_->take(peer);
  }
  EXPECT_EQ(inside, 0u);
  cancel(token(Operation::receive));
  close(socket);
}

constexpr auto name_of = [](const auto& kind) { return engine_name(kind.param); };
INSTANTIATE_TEST_SUITE_P(Engines, EngineTurn, ::testing::ValuesIn(engine_kinds()), name_of);
INSTANTIATE_TEST_SUITE_P(Engines, EngineWithFewBuffers, ::testing::ValuesIn(engine_kinds()),
                         name_of);

}  // namespace
}  // namespace pelton::uring
