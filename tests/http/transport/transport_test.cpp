#include "http/transport/transport.hpp"

#include <gtest/gtest.h>

#include <poll.h>

#include <cerrno>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/line_echo.hpp"
#include "uring/memory/memory_engine.hpp"

namespace pelton::http {
namespace {

using uring::Completion;
using uring::Operation;
using uring::Token;

constexpr TransportRules rules{.rate_grace_ms = 1000,
                               .rate_credit_ms_max = 5000,
                               .send_rate_bytes_per_second_min = 100,
                               .linger_timeout_ms = 3000,
                               .linger_idle_ms = 1000,
                               .lingering_max = 1,
                               .linger_live_max = 3};

// One transport on an engine in memory, and the peer at its other end.
class World {
 public:
  World() {
    engine.accept(Token(Operation::accept, 0, 0), listener);
    peer = engine.connect(listener);
    transport = std::make_unique<Transport>(shared, turn().at(0).result, place);
  }
  ~World() {
    if (!transport->closing()) transport->close();
    while (!transport->is_quiet()) collect();
    transport->close_descriptor();
    turn();
  }

  std::vector<Completion> turn() {
    std::array<Completion, 16> batch;
    const std::size_t count = engine.turn(batch, 0, {});
    return {batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(count)};
  }
  // Completions of the transport's own that carry no octets.
  void collect() {
    for (const Completion& completion : turn()) {
      switch (completion.token.operation()) {
        case Operation::receive:
          last_arrival = transport->receiver().take(completion);
          if (completion.buffer != uring::no_buffer) engine.buffers().give_back(completion.buffer);
          break;
        case Operation::send:
          last_failure = transport->sender().complete_send(completion.result);
          break;
        case Operation::room:
          last_failure = transport->sender().complete_room(completion.result);
          break;
        case Operation::shutdown:
          transport->complete_shutdown();
          break;
        case Operation::cancel:
          if (completion.token.generation() != 0) transport->complete_cancel();
          break;
        default:
          break;
      }
    }
  }

  uring::MemoryEngine engine;
  VirtualClock clock;
  BlockPool blocks;
  Stats stats;
  Transports shared{.engine = engine,
                    .receive_buffers = engine.buffers(),
                    .clock = clock,
                    .blocks = blocks,
                    .stats = stats,
                    .rules = rules};
  const uring::Descriptor listener = engine.listen();
  uring::Peer peer;
  const Token place{Operation::none, 1, 7};
  std::unique_ptr<Transport> transport;
  Arrival last_arrival = Arrival::nothing;
  Reason last_failure = Reason::none;
};

TEST(Transport, what_is_queued_leaves_in_one_send) {
  World world;
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

TEST(Transport, CON_004_a_send_is_overdue_after_its_grace) {
  World world;
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

TEST(Transport, ENG_035_a_send_without_memory_is_tried_again_three_times) {
  World world;
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

TEST(Transport, an_errno_says_who_is_to_blame) {
  World world;
  Transport& transport = *world.transport;
  EXPECT_EQ(transport.sender().complete_send(-ECONNRESET), Reason::lost_reset);
  EXPECT_EQ(transport.sender().complete_send(-ETIMEDOUT), Reason::lost_timeout);
  EXPECT_EQ(transport.sender().complete_send(-EDOM), Reason::cut_engine_unknown);
  EXPECT_EQ(transport.sender().complete_room(POLLERR), Reason::lost_reset);
  EXPECT_EQ(transport.receiver().take({.token = world.place, .result = -EPIPE}), Arrival::failed);
  EXPECT_EQ(transport.receiver().failure(), Reason::lost_reset);
}

TEST(Transport, ENG_012_memory_that_was_given_up_stays_until_its_receive_ends) {
  World world;
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

TEST(Transport, octets_come_right_into_room) {
  World world;
  Transport& transport = *world.transport;
  std::array<char, 8> room{};
  transport.receiver().arm(room);
  world.engine.deliver(world.peer, "octets");
  world.collect();
  EXPECT_EQ(world.last_arrival, Arrival::own_octets);
  EXPECT_EQ(std::string(room.data(), 6), "octets");
}

TEST(Transport, CON_030_lingers_until_the_peer_is_silent_or_its_time_is_over) {
  World world;
  Transport& transport = *world.transport;
  transport.finish();
  ASSERT_TRUE(transport.linger());
  EXPECT_EQ(world.shared.lingering_count, 1u);
  transport.receiver().arm();
  EXPECT_EQ(transport.overdue(999), Reason::none);
  EXPECT_EQ(transport.overdue(1000), Reason::closed_linger_timeout);
  for (int second = 0; second < 5; ++second) {
    world.clock.advance_ns(900'000'000);
    transport.note_discarded();
  }
  EXPECT_EQ(transport.overdue(2999), Reason::none);
  EXPECT_EQ(transport.overdue(3000), Reason::closed_linger_timeout);
  transport.close();
  EXPECT_EQ(world.shared.lingering_count, 0u);
}

TEST(Transport, CON_031_none_lingers_beyond_the_bound_or_when_there_are_many) {
  World world;
  Transport& transport = *world.transport;
  world.shared.lingering_count = rules.lingering_max;
  EXPECT_FALSE(transport.linger());
  world.shared.lingering_count = 0;
  world.shared.live_count = 3;
  EXPECT_FALSE(transport.linger());
  world.shared.live_count = 1;
  EXPECT_TRUE(transport.linger());
}

TEST(Transport, a_filter_stands_between_output_and_socket) {
  World world;
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
