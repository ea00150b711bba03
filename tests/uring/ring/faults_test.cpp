// Faults of the kernel that a ring in use meets: too little room, signals, no memory, an early end.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>

#include <set>

#include "tests/uring/ring/ring_fixture.hpp"
#include "tests/uring/ring/strace.hpp"

namespace pelton::uring {
namespace {

constexpr EngineOptions tiny = {.receive_buffer_count = 4,
                                .receive_buffer_bytes = 16,
                                .submission_entries = 4,
                                .completion_entries = 8};

TEST_F(RingTest, ENG_031_ENG_033_nothing_is_lost_or_doubled_in_queues_too_small) {
  open(tiny);
  for (std::uint32_t slot = 0; slot < 100; ++slot) engine_->nop(token(Operation::nop, slot));
  EXPECT_EQ(engine_->operations_in_flight(), 100u);
  std::multiset<std::uint32_t> slots;
  for (const Completion& completion : collect(100)) slots.insert(completion.token.slot());
  EXPECT_EQ(slots.size(), 100u);
  for (std::uint32_t slot = 0; slot < 100; ++slot) EXPECT_EQ(slots.count(slot), 1u);
  EXPECT_GT(stats_.of(Reason::engine_cq_overflow), 0u);
}

TEST_F(RingTest, ENG_031_accepts_survive_a_completion_queue_too_small) {
  open(tiny);
  LoopbackListener listener;
  engine_->accept(token(Operation::accept), listener.get());
  std::vector<OwnedDescriptor> clients;
  for (int index = 0; index < 60; ++index) clients.push_back(listener.connect());
  std::set<int> accepted;
  std::array<Completion, 3> batch;
  // An overflow may end the multishot (ENG-021), which is then armed again.
  while (accepted.size() < 60) {
    const std::size_t count = engine_->turn(batch, monotonic_ns() + 5'000'000'000, {});
    ASSERT_GT(count, 0u);
    for (const Completion& completion : std::span(batch).first(count)) {
      ASSERT_GE(completion.result, 0);
      EXPECT_TRUE(accepted.insert(completion.result).second);
      if (!completion.more) engine_->accept(token(Operation::accept), listener.get());
    }
  }
  for (const int descriptor : accepted) ::close(descriptor);
  engine_->cancel(token(Operation::cancel), token(Operation::accept));
  collect(2);
}

TEST_F(RingTest, ENG_020_an_empty_buffer_ring_ends_the_receive_and_loses_no_octet) {
  open(tiny);
  SocketPair pair = make_pair();
  std::string sent;
  for (int index = 0; index < 10; ++index) sent += "sixteen octets " + std::to_string(index);
  write_all(pair.client.get(), sent);
  pair.client.close();

  std::string received;
  std::vector<BufferLease> held;
  int times_empty = 0;
  bool finished = false;
  engine_->receive(token(Operation::receive), pair.server.get());
  while (!finished) {
    const Completion completion = collect_one();
    if (completion.result == -ENOBUFS) {
      EXPECT_FALSE(completion.more);
      EXPECT_EQ(completion.buffer, no_buffer);
      EXPECT_EQ(engine_->buffers().leases_out(), 4u);
      ++times_empty;
      held.clear();
      engine_->receive(token(Operation::receive), pair.server.get());
      continue;
    }
    ASSERT_GE(completion.result, 0);
    if (completion.result == 0) {
      finished = true;
    } else {
      held.emplace_back(engine_->buffers(), completion.buffer,
                        static_cast<std::size_t>(completion.result));
      received += held.back().view();
    }
    if (!completion.more && !finished) {
      engine_->receive(token(Operation::receive), pair.server.get());
    }
  }
  EXPECT_EQ(received, sent);
  EXPECT_GE(times_empty, 2);
  held.clear();
}

TEST_F(RingTest, completions_beyond_the_batch_come_with_the_next_turns) {
  for (std::uint32_t slot = 0; slot < 10; ++slot) engine_->nop(token(Operation::nop, slot));
  std::array<Completion, 4> batch;
  EXPECT_EQ(engine_->turn(batch, 0, {}), 4u);
  EXPECT_EQ(engine_->turn(batch, 0, {}), 4u);
  EXPECT_EQ(engine_->turn(batch, no_deadline, {}), 2u);
}

TEST_F(RingTest, closing_ends_what_is_in_flight_at_once) {
  LoopbackListener listener;
  OwnedDescriptor waiting_client = listener.connect();
  SocketPair reading = make_pair();
  SocketPair filling = make_pair();
  SocketPair private_reading = make_pair();
  std::vector<char> memory(4096);
  const std::string octets(8 << 20, 'o');
  engine_->accept(token(Operation::accept), listener.get());
  engine_->receive(token(Operation::receive), reading.server.get());
  engine_->receive_into(token(Operation::receive, 1), private_reading.server.get(), memory);
  engine_->poll(token(Operation::poll), reading.server.get(), POLLIN);
  engine_->send(token(Operation::send), filling.server.get(), octets);
  engine_->send(token(Operation::send, 1), filling.server.get(), octets);
  std::array<Completion, 1> batch;
  engine_->turn(batch, 0, {});
  if (batch[0].token.operation() == Operation::accept) ::close(batch[0].result);
  engine_->nop(token(Operation::nop));

  const std::uint64_t begin_ns = monotonic_ns();
  engine_.reset();
  EXPECT_LT(monotonic_ns() - begin_ns, 150'000'000u);

  // No receive is left that would take these octets.
  write_all(reading.client.get(), "free");
  EXPECT_EQ(read_some(reading.server.get()), "free");
  write_all(private_reading.client.get(), "free");
  EXPECT_EQ(read_some(private_reading.server.get()), "free");
  EXPECT_EQ(memory, std::vector<char>(4096));
  // The connection that nobody accepted is closed too.
  EXPECT_EQ(read_some(waiting_client.get()), "");
}

using RingDeathTest = RingTest;

TEST_F(RingDeathTest, ENG_052_a_forked_child_cannot_touch_the_operations_of_its_parent) {
  SocketPair pair = make_pair();
  engine_->receive(token(Operation::receive), pair.server.get());
  std::array<Completion, 1> batch;
  EXPECT_EQ(engine_->turn(batch, 0, {}), 0u);
  const testing::ExitedWithCode ended(EXIT_FAILURE);
  const std::string large(65536, 'x');
  EXPECT_EXIT(engine_->turn(batch, 0, {}), ended, "a forked child .* is ended");
  EXPECT_EXIT(engine_->nop(token(Operation::nop)), ended, "a forked child .* is ended");
  EXPECT_EXIT(engine_->send_at_once(pair.server.get(), large), ended, "a forked child .* is ended");
  EXPECT_EXIT(engine_->reset(pair.server.get()), ended, "a forked child .* is ended");
  const pid_t child = ::fork();
  if (child == 0) {
    engine_.reset();
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  // The parent's receive is still in flight.
  write_all(pair.client.get(), "x");
  EXPECT_EQ(take(collect_one()), "x");
  pair.client.close();
  collect_one();
}

// Twenty connections, each an echo of forty messages, in spite of the injected fault.
TEST_F(RingTest, DISABLED_echo) {
  constexpr std::size_t connections = 20;
  constexpr int messages = 40;
  std::vector<SocketPair> pairs;
  std::vector<std::string> echoes(connections);
  std::vector<int> heard(connections);
  for (std::uint32_t slot = 0; slot < connections; ++slot) {
    pairs.push_back(make_pair());
    engine_->receive(token(Operation::receive, slot), pairs[slot].server.get());
    write_all(pairs[slot].client.get(), "message of " + std::to_string(slot));
  }
  std::size_t open_connections = connections;
  std::array<Completion, 8> batch;
  const std::uint64_t deadline_ns = monotonic_ns() + 20'000'000'000;
  while (engine_->operations_in_flight() > 0) {
    ASSERT_LT(monotonic_ns(), deadline_ns);
    const std::size_t count = engine_->turn(batch, deadline_ns, {});
    for (const Completion& completion : std::span(batch).first(count)) {
      const std::uint32_t slot = completion.token.slot();
      if (completion.token.operation() == Operation::send) {
        ASSERT_EQ(completion.result, static_cast<std::int32_t>(echoes[slot].size()));
        ASSERT_EQ(read_some(pairs[slot].client.get()), "message of " + std::to_string(slot));
        if (++heard[slot] < messages) {
          write_all(pairs[slot].client.get(), echoes[slot]);
        } else {
          pairs[slot].client.close();
        }
        continue;
      }
      ASSERT_GE(completion.result, 0);
      if (completion.result == 0) {
        --open_connections;
        continue;
      }
      echoes[slot] = take(completion);
      engine_->send(token(Operation::send, slot), pairs[slot].server.get(), echoes[slot]);
      if (!completion.more) {
        engine_->receive(token(Operation::receive, slot), pairs[slot].server.get());
      }
    }
  }
  EXPECT_EQ(open_connections, 0u);
  for (const int count : heard) EXPECT_EQ(count, messages);
}

// Each feature that only saves time is left out alone, then all of them together.
TEST(RingFaults, ENG_006_each_optional_feature_may_be_absent) {
  if (!strace_works()) GTEST_SKIP() << "strace is missing or may not trace";
  // The calls in order: ring descriptors, the bound on workers, restrictions.
  for (const char* call : {"2", "3", "4"}) {
    const std::string inject = std::string("io_uring_register:error=EINVAL:when=") + call;
    EXPECT_TRUE(passes_under(inject.c_str(), "RingTest.DISABLED_echo")) << call;
  }
  EXPECT_TRUE(passes_under("io_uring_register:error=EINVAL:when=2..4", "RingTest.DISABLED_echo"));
}

// The first two calls only find out what the kernel can do.
TEST(RingFaults, ENG_026_signals_cost_no_octet) {
  if (!strace_works()) GTEST_SKIP() << "strace is missing or may not trace";
  EXPECT_TRUE(passes_under("io_uring_enter:error=EINTR:when=3+2", "RingTest.DISABLED_echo"));
}

TEST(RingFaults, ENG_034_a_kernel_short_of_memory_is_asked_again_later) {
  if (!strace_works()) GTEST_SKIP() << "strace is missing or may not trace";
  EXPECT_TRUE(passes_under("io_uring_enter:error=EAGAIN:when=3+5", "RingTest.DISABLED_echo"));
  EXPECT_TRUE(passes_under("io_uring_enter:error=ENOMEM:when=3+5", "RingTest.DISABLED_echo"));
}

TEST(RingFaults, ENG_031_a_busy_kernel_is_asked_again) {
  if (!strace_works()) GTEST_SKIP() << "strace is missing or may not trace";
  EXPECT_TRUE(passes_under("io_uring_enter:error=EBUSY:when=3+3", "RingTest.DISABLED_echo"));
}

struct Told {
  std::vector<std::pair<Trouble, int>> troubles;

  TroubleHook hook() {
    const auto hear = [](void* context, Trouble trouble, int error) {
      static_cast<Told*>(context)->troubles.emplace_back(trouble, error);
    };
    return {.call = hear, .context = this};
  }
};

TEST_F(RingTest, ENG_030_ENG_036_an_accept_that_is_refused_is_tried_in_its_older_form) {
  Told told;
  const OwnedDescriptor deaf(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));  // no listener
  const auto accept = [&](int descriptor) {
    engine_->accept(token(Operation::accept), descriptor);
    return collect_one().result;
  };
  // On trial, before a server uses the engine, an error is returned as it is.
  EXPECT_EQ(accept(deaf.get()), -EINVAL);
  engine_->tell_trouble_to(told.hook());
  EXPECT_EQ(accept(deaf.get()), -EINTR);
  EXPECT_EQ(stats_.of(Reason::fallback_accept_single), 1u);
  EXPECT_TRUE(told.troubles.empty());
  // The older form works on a listener: it accepts one connection at a time.
  LoopbackListener listener;
  for (int count = 0; count < 3; ++count) {
    const OwnedDescriptor client = listener.connect();
    engine_->accept(token(Operation::accept), listener.get());
    const Completion completion = collect_one();
    ASSERT_GE(completion.result, 0);
    EXPECT_FALSE(completion.more);
    ::close(completion.result);
  }
  // If that form is refused too, the engine is reported as unusable, once.
  EXPECT_EQ(accept(deaf.get()), -EINVAL);
  EXPECT_EQ(accept(deaf.get()), -EINVAL);
  EXPECT_EQ(told.troubles, (std::vector{std::pair(Trouble::unusable, EINVAL)}));
}

// While the kernel refuses to submit, more entries are prepared than the submission queue holds.
TEST_F(RingTest, DISABLED_queue) {
  open(tiny);
  SocketPair pair = make_pair();
  for (std::uint32_t slot = 0; slot < 50; ++slot) engine_->nop(token(Operation::nop, slot));
  engine_->receive(token(Operation::receive, 1), pair.server.get());
  engine_->cancel(token(Operation::cancel, 2), token(Operation::receive, 1));
  std::uint32_t expected_nop = 0;
  for (const Completion& completion : collect(52)) {
    if (completion.token.operation() == Operation::nop) {
      EXPECT_EQ(completion.token.slot(), expected_nop++);
    } else {
      EXPECT_EQ(completion.result,
                completion.token.operation() == Operation::cancel ? 0 : -ECANCELED);
    }
  }
  EXPECT_EQ(expected_nop, 50u);
}

TEST(RingFaults, ENG_033_the_rest_is_queued_in_order_while_nothing_can_be_submitted) {
  if (!strace_works()) GTEST_SKIP() << "strace is missing or may not trace";
  EXPECT_TRUE(passes_under("io_uring_enter:error=EAGAIN:when=3..8", "RingTest.DISABLED_queue"));
}

}  // namespace
}  // namespace pelton::uring
