#include "uring/ring/ring.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <map>
#include <thread>

#include "tests/uring/ring/ring_fixture.hpp"

namespace pelton::uring {
namespace {

TEST_F(RingTest, turn_without_work_returns_at_a_deadline_that_has_passed) {
  std::array<Completion, 4> batch;
  EXPECT_EQ(engine_->turn(batch, 0, {}), 0u);
  EXPECT_EQ(engine_->turn(batch, 1, {}), 0u);
}

TEST_F(RingTest, turn_waits_until_its_deadline) {
  std::array<Completion, 4> batch;
  const std::uint64_t deadline_ns = monotonic_ns() + 20'000'000;
  EXPECT_EQ(engine_->turn(batch, deadline_ns, {}), 0u);
  EXPECT_GE(monotonic_ns(), deadline_ns);
}

struct Calls {
  int before = 0;
  int after = 0;
};

WaitHook counting(Calls& calls) {
  return {.before = [](void* context) { ++static_cast<Calls*>(context)->before; },
          .after = [](void* context) { ++static_cast<Calls*>(context)->after; },
          .context = &calls};
}

TEST_F(RingTest, hook_is_called_around_a_wait_that_blocks_and_only_there) {
  Calls calls;
  std::array<Completion, 4> batch;
  engine_->nop(token(Operation::nop));
  EXPECT_EQ(engine_->turn(batch, no_deadline, counting(calls)), 1u);
  EXPECT_EQ(calls.before, 0);
  EXPECT_EQ(engine_->turn(batch, 1, counting(calls)), 0u);
  EXPECT_EQ(calls.before, 0);
  EXPECT_EQ(engine_->turn(batch, monotonic_ns() + 1'000'000, counting(calls)), 0u);
  EXPECT_EQ(calls.before, 1);
  EXPECT_EQ(calls.after, 1);
}

TEST_F(RingTest, hooked_wait_ends_when_a_socket_becomes_ready) {
  SocketPair pair = make_pair();
  engine_->receive(token(Operation::receive), pair.server.get());
  std::array<Completion, 4> batch;
  EXPECT_EQ(engine_->turn(batch, 0, {}), 0u);
  // The peer sends exactly when the wait begins.
  const WaitHook hook{.before = [](void* context) { write_all(*static_cast<int*>(context), "x"); },
                      .after = nullptr,
                      .context = nullptr};
  int client = pair.client.get();
  WaitHook speaking = hook;
  speaking.context = &client;
  ASSERT_EQ(engine_->turn(batch, monotonic_ns() + 5'000'000'000, speaking), 1u);
  EXPECT_EQ(take(batch[0]), "x");
  pair.client.close();
  EXPECT_EQ(collect_one().result, 0);
}

TEST_F(RingTest, CON_032_reset_sends_RST) {
  LoopbackListener listener;
  engine_->accept(token(Operation::accept), listener.get());
  OwnedDescriptor client = listener.connect();
  const Completion accepted = collect_one();
  ASSERT_GE(accepted.result, 0);
  engine_->reset(accepted.result);
  char octet;
  EXPECT_EQ(::recv(client.get(), &octet, 1, 0), -1);
  EXPECT_EQ(errno, ECONNRESET);
  engine_->cancel(token(Operation::cancel), token(Operation::accept));
  collect(2);
}

TEST_F(RingTest, ring_that_is_closed_on_another_thread_leaves_the_ring_of_that_thread_alone) {
  std::thread([this] {
    Stats stats;
    auto own = RingEngine::open({}, stats);
    ASSERT_TRUE(own.has_value());
    engine_.reset();  // both rings are the first of their threads
    std::array<Completion, 4> batch;
    (*own)->nop(token(Operation::nop));
    EXPECT_EQ((*own)->turn(batch, no_deadline, {}), 1u);
  }).join();
}

}  // namespace
}  // namespace pelton::uring
