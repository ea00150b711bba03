// Each errno that a receive or a send can meet, once or a few times, through the scripted engine.
#include <array>
#include <cerrno>
#include <cstdint>
#include <span>
#include <vector>

#include "served_on.hpp"
#include "tests/support/scripted_engine.hpp"

namespace pelton::http {
namespace {

using support::Fault;
using uring::Operation;

const std::string hello_request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

struct Outcome {
  std::size_t answered = 0;  // of two peers
  Stats stats;

  std::uint64_t count(Reason reason) const { return stats.of(reason); }
};

// Two peers ask the same; what goes wrong for one is nothing to the other.
void serve_two(const support::Script& script, std::span<const std::uint8_t> tape,
               Outcome& outcome) {
  VirtualClock clock;
  support::ScriptedEngine engine(script, tape, clock);
  Seen seen;
  const RouteTable routes = serve_test_routes(seen);
  const ServerConfig config;
  Server server({.engine = engine,
                 .clock = clock,
                 .routes = routes,
                 .config = config,
                 .stats = outcome.stats});
  uring::Loop loop(engine, clock, server);
  const uring::Descriptor listener = engine.listen();
  server.listen(listener);
  for (int peer = 0; peer < 2; ++peer) {
    engine.play(listener, hello_request + hello_request, support::Ending::half_closes);
  }
  bool stopped = false;
  for (int turn = 0; turn < 10'000; ++turn) {
    if (!stopped && engine.quiet()) {
      server.stop();
      stopped = true;
    }
    if (server.finished() && engine.operations_in_flight() == 0) break;
    loop.turn({});
  }
  ASSERT_TRUE(server.finished());
  ASSERT_EQ(engine.operations_in_flight(), 0u);
  ASSERT_EQ(engine.buffers().leases_out(), 0u);
  for (std::size_t peer = 0; peer < 2; ++peer) {
    const auto responses = responses_in(engine.record(peer).received);
    if (responses.size() == 2) ++outcome.answered;
  }
}

void serve_two(const std::vector<Fault>& faults, Outcome& outcome) {
  support::Script script;
  script.faults = faults;
  serve_two(script, {}, outcome);
}

std::vector<Fault> times(Operation operation, int error, std::uint64_t count) {
  std::vector<Fault> faults;
  for (std::uint64_t nth = 1; nth <= count; ++nth) {
    faults.push_back({.operation = operation, .error = error, .nth = nth});
  }
  return faults;
}

TEST(TransportFaults, ENG_023_ENG_025_ENG_026_passing_ones_cost_nothing) {
  for (const int error : {EINTR, EAGAIN, ECANCELED}) {
    for (const Operation operation : {Operation::receive, Operation::send}) {
      // A send that meets EAGAIN waits for room within the engine.
      if (error == EAGAIN && operation == Operation::send) continue;
      Outcome outcome;
      serve_two(times(operation, error, 3), outcome);
      EXPECT_EQ(outcome.answered, 2u) << error;
      EXPECT_EQ(outcome.count(Reason::engine_cancelled_unasked), error == ECANCELED ? 3u : 0u);
    }
  }
}

// A receive that asks again and again while every buffer is in a completion not told yet would
// never let the time come in which it is told.
TEST(TransportFaults, ENG_015_ENG_020_starving_waits_for_buffers_that_are_on_their_way) {
  support::Script script;
  script.completion_late = 0.5;
  script.late_ns_max = 50'000'000;
  script.receive_buffer_count = 1;
  script.receive_buffer_bytes = 16;
  // Both accepts are told at once, the first octets received are not, everything else is.
  constexpr std::array<std::uint8_t, 4> tape = {0xFF, 0xFF, 0x00, 0x40};
  Outcome outcome;
  serve_two(script, tape, outcome);
  EXPECT_EQ(outcome.answered, 2u);
  EXPECT_GT(outcome.count(Reason::fallback_receive_no_buffers), 0u);
}

TEST(TransportFaults, ENG_024_a_lost_peer_is_counted_by_how_it_went) {
  for (const int error : {ECONNRESET, EPIPE, EHOSTUNREACH, ENETUNREACH, ENETDOWN, ECONNABORTED}) {
    for (const Operation operation : {Operation::receive, Operation::send}) {
      Outcome outcome;
      serve_two(times(operation, error, 1), outcome);
      EXPECT_EQ(outcome.answered, 1u) << error;
      EXPECT_EQ(outcome.count(Reason::lost_reset), 1u) << error;
    }
  }
  Outcome silent;
  serve_two(times(Operation::receive, ETIMEDOUT, 1), silent);
  EXPECT_EQ(silent.count(Reason::lost_timeout), 1u);
}

TEST(TransportFaults, ENG_035_an_operation_short_of_memory_is_tried_three_times_more) {
  for (const auto& [operation, error] : {std::pair{Operation::send, ENOMEM},
                                         {Operation::send, ENOBUFS},
                                         {Operation::receive, ENOMEM}}) {
    Outcome patient;
    serve_two(times(operation, error, 3), patient);
    EXPECT_EQ(patient.answered, 2u) << error;
    EXPECT_EQ(patient.count(Reason::cut_engine_memory), 0u);
    Outcome starved;
    serve_two(times(operation, error, 100), starved);
    EXPECT_EQ(starved.answered, 0u) << error;
    EXPECT_EQ(starved.count(Reason::cut_engine_memory), 2u) << error;
  }
}

// The memory engine without memory for the first tries of one kind of operation.
class StarvedEngine final : public uring::MemoryEngine {
 public:
  void starve(Operation operation, std::size_t tries, const Clock& clock) {
    operation_ = operation;
    left_ = tries;
    clock_ = &clock;
  }
  // When each try was made.
  std::vector<std::uint64_t> tried_at_ns;

 private:
  Fate fate(const Occasion& occasion) override {
    if (left_ == 0 || occasion.operation != operation_) return {};
    tried_at_ns.push_back(clock_->now_ns());
    return {.error = --left_ == 0 ? 0 : ENOMEM};
  }

  Operation operation_ = Operation::none;
  std::size_t left_ = 0;
  const Clock* clock_ = nullptr;
};

class StarvedTest : public ServedOn<StarvedEngine> {
 protected:
  // Each as long behind the one before as the server waited.
  std::vector<std::uint64_t> pauses_ns(Operation operation) {
    const uring::Peer peer = connect();
    // Some way into a tick of the wheel and into a millisecond.
    clock_.advance_ns(3'400'000);
    engine_.tried_at_ns.clear();
    engine_.starve(operation, 4, clock_);
    engine_.deliver(peer, hello_request);
    run();
    while (engine_.tried_at_ns.size() < 4) {
      const std::uint64_t deadline_ns = server_.next_deadline_ns();
      if (deadline_ns == uring::no_deadline || deadline_ns <= clock_.now_ns()) break;
      clock_.advance_ns(deadline_ns - clock_.now_ns());
      run();
    }
    EXPECT_EQ(responses_in(engine_.take_sent(peer)).size(), 1u);
    std::vector<std::uint64_t> pauses;
    for (std::size_t nth = 1; nth < engine_.tried_at_ns.size(); ++nth) {
      pauses.push_back(engine_.tried_at_ns[nth] - engine_.tried_at_ns[nth - 1]);
    }
    return pauses;
  }
};

TEST_F(StarvedTest, ENG_035_the_tries_are_1_10_and_100_ms_apart) {
  const std::vector<std::uint64_t> pauses = {1'000'000, 10'000'000, 100'000'000};
  EXPECT_EQ(pauses_ns(Operation::send), pauses);
  clock_.advance_ns(2'000'000'000);
  EXPECT_EQ(pauses_ns(Operation::receive), pauses);
}

TEST_F(StarvedTest, ENG_035_a_retry_does_not_outlive_its_connection) {
  const uring::Peer peer = connect();
  engine_.starve(Operation::send, 100, clock_);
  engine_.deliver(peer, hello_request);
  run();
  engine_.hang_up(peer);
  for (int step = 0; step < 5; ++step) pass_ms(100);
  EXPECT_EQ(server_.connections_live(), 0u);
  engine_.starve(Operation::none, 0, clock_);
  EXPECT_EQ(status_of(send(connect(), hello_request)), 200);
  EXPECT_GT(server_.next_deadline_ns(), clock_.now_ns());
}

TEST(TransportFaults, ENG_039_an_unknown_errno_costs_its_connection) {
  for (const Operation operation : {Operation::receive, Operation::send}) {
    Outcome outcome;
    serve_two(times(operation, EXDEV, 1), outcome);
    EXPECT_EQ(outcome.answered, 1u);
    EXPECT_EQ(outcome.count(Reason::cut_engine_unknown), 1u);
  }
}

TEST(ConnectionFaultsDeath, ENG_038_a_bad_descriptor_is_a_defect_of_ours) {
  for (const int error : {EBADF, EFAULT}) {
    EXPECT_DEATH(
        {
          Outcome outcome;
          serve_two(times(Operation::send, error, 1), outcome);
        },
        "ENG-038");
  }
}

}  // namespace
}  // namespace pelton::http
