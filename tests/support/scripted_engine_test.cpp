#include "tests/support/scripted_engine.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "tests/support/seeds.hpp"

namespace pelton::support {
namespace {

using uring::BufferLease;
using uring::Completion;
using uring::Descriptor;
using uring::Operation;
using uring::Token;

constexpr std::uint64_t second_ns = 1'000'000'000;

// Sends back the octets it receives, and after a FIN closes once all of them are sent. Reacts to
// each fault exactly as protocol section 10.3 requires.
class EchoServer {
 public:
  EchoServer(ScriptedEngine& engine, VirtualClock& clock) : engine_(engine), clock_(clock) {
    arm_accept();
  }

  Descriptor listener() const { return listener_; }
  std::uint64_t stale() const { return stale_; }
  std::size_t open() const { return connections_.size() - free_.size(); }

  void turn() {
    std::array<Completion, 16> out;
    const std::size_t count = engine_.turn(out, clock_.now_ns() + second_ns, uring::WaitHook{});
    for (std::size_t index = 0; index < count; ++index) complete(out[index]);
    for (std::uint32_t slot = 0; slot < connections_.size(); ++slot) settle(slot);
  }

  void stop() {
    stopping_ = true;
    engine_.cancel(Token(Operation::cancel, 0, listener_slot), accept_token());
  }
  // The completion of the cancel may come after that of the close.
  bool stopped() const { return listener_ == -1 && engine_.operations_in_flight() == 0; }

 private:
  static constexpr std::uint32_t listener_slot = 0x8000'0000;

  struct Connection {
    Descriptor socket = -1;
    std::uint32_t generation = 1;
    std::string pending;  // received, not yet given to a send
    std::string sending;  // belongs to the engine until the send completes
    std::array<char, 32> memory;
    bool receiving = false;
    bool sends = false;
    bool closing = false;
    bool cancelling = false;
    bool at_end = false;
    bool broken = false;
    bool starved = false;
    bool private_memory = false;
  };

  Token accept_token() const { return Token(Operation::accept, 1, listener_slot); }
  Token token(Operation operation, std::uint32_t slot) const {
    return Token(operation, connections_[slot]->generation, slot);
  }

  void arm_accept() { engine_.accept(accept_token(), listener_); }

  void complete(const Completion& completion) {
    const Token token = completion.token;
    if (token.slot() == listener_slot) return complete_listener(completion);
    Connection& connection = *connections_[token.slot()];
    if (connection.socket == -1 || token.generation() != connection.generation) {
      ++stale_;  // ENG-011
      if (completion.buffer != uring::no_buffer) engine_.buffers().give_back(completion.buffer);
      return;
    }
    switch (token.operation()) {
      case Operation::receive:
        return received(connection, completion);
      case Operation::send:
        connection.sends = false;
        if (completion.result == -EINTR) {  // ENG-026
          connection.pending.insert(0, std::exchange(connection.sending, {}));
        } else if (completion.result < 0) {
          connection.broken = true;
        } else {  // ENG-027
          connection.sending.erase(0, static_cast<std::size_t>(completion.result));
          connection.pending.insert(0, std::exchange(connection.sending, {}));
        }
        return;
      case Operation::cancel:
        connection.cancelling = false;
        return;
      case Operation::close:
        connection.socket = -1;
        ++connection.generation;
        free_.push_back(token.slot());
        return;
      default:
        FAIL();
    }
  }

  void complete_listener(const Completion& completion) {
    if (completion.token.operation() == Operation::close) {
      listener_ = -1;
      return;
    }
    if (completion.token.operation() == Operation::cancel) return;
    if (completion.result >= 0) open(completion.result);
    if (completion.more) return;
    if (stopping_) {
      engine_.close(Token(Operation::close, 0, listener_slot), listener_);
    } else {
      arm_accept();  // ENG-021, ENG-029
    }
  }

  void open(Descriptor socket) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(connections_.size()));
      connections_.push_back(std::make_unique<Connection>());
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    const std::uint32_t generation = connections_[slot]->generation;
    *connections_[slot] = Connection{};
    connections_[slot]->generation = generation;
    connections_[slot]->socket = socket;
  }

  void received(Connection& connection, const Completion& completion) {
    if (completion.result > 0) {
      const auto bytes = static_cast<std::size_t>(completion.result);
      if (completion.buffer != uring::no_buffer) {
        const BufferLease lease(engine_.buffers(), completion.buffer, bytes);
        connection.pending += lease.view();
      } else {
        connection.pending.append(connection.memory.data(), bytes);
      }
    } else if (completion.result == 0) {
      connection.at_end = true;  // ENG-022
    } else if (completion.result == -ENOBUFS) {
      connection.private_memory = true;  // ENG-020
    } else if (completion.result != -EINTR && completion.result != -ECANCELED) {
      connection.broken = true;  // ENG-024; the others are re-armed: ENG-023, ENG-026
    }
    if (!completion.more) connection.receiving = false;
  }

  void settle(std::uint32_t slot) {
    Connection& connection = *connections_[slot];
    if (connection.socket == -1 || connection.closing) return;
    if (!connection.broken && !connection.sends && !connection.pending.empty()) {
      connection.sending = std::exchange(connection.pending, {});
      connection.sends = true;
      engine_.send(token(Operation::send, slot), connection.socket, connection.sending);
    }
    const bool flushed = connection.pending.empty() && !connection.sends;
    if (connection.broken || (connection.at_end && flushed)) return end(slot);
    if (connection.receiving || connection.at_end) return;
    connection.receiving = true;
    if (std::exchange(connection.private_memory, false)) {
      engine_.receive_into(token(Operation::receive, slot), connection.socket, connection.memory);
    } else {
      engine_.receive(token(Operation::receive, slot), connection.socket);
    }
  }

  // Shutdown aside, the order of ENG-013: cancel, collect, close.
  void end(std::uint32_t slot) {
    Connection& connection = *connections_[slot];
    if (connection.cancelling) return;
    if (connection.receiving || connection.sends) {
      connection.cancelling = true;
      const Operation target = connection.receiving ? Operation::receive : Operation::send;
      engine_.cancel(token(Operation::cancel, slot), token(target, slot));
      return;
    }
    connection.closing = true;
    engine_.close(token(Operation::close, slot), connection.socket);
  }

  ScriptedEngine& engine_;
  VirtualClock& clock_;
  Descriptor listener_ = engine_.listen();
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::uint32_t> free_;
  std::uint64_t stale_ = 0;
  bool stopping_ = false;
};

std::string question(std::uint64_t number) {
  SeededRandom random(number);
  std::string octets(random.below(1500), ' ');
  for (char& octet : octets) octet = static_cast<char>(random.next());
  return octets;
}

// The events of one run, to compare two runs.
struct Run {
  std::vector<std::string> answers;
  std::uint64_t ended_at_ns = 0;
  Doings doings;
  bool operator==(const Run&) const = default;
};

Run echo(const Script& script, std::uint64_t seed, std::size_t peers) {
  VirtualClock clock;
  ScriptedEngine engine(script, seed, clock);
  SCOPED_TRACE(engine.story());
  EchoServer server(engine, clock);
  for (std::size_t peer = 0; peer < peers; ++peer) {
    engine.play(server.listener(), question(seed * 100 + peer), Ending::half_closes);
  }
  std::uint64_t turns = 0;
  while (!engine.quiet() && ++turns < 200'000) server.turn();
  EXPECT_TRUE(engine.quiet());
  while (server.open() > 0 && ++turns < 200'000) server.turn();
  EXPECT_EQ(server.open(), 0u);
  server.stop();
  while (!server.stopped() && ++turns < 200'000) server.turn();
  EXPECT_LT(turns, 200'000u);
  EXPECT_EQ(engine.operations_in_flight(), 0u);  // ENG-017
  EXPECT_EQ(engine.buffers().leases_out(), 0u);
  EXPECT_EQ(server.stale(), engine.doings().stale_completions);

  Run run;
  run.ended_at_ns = clock.now_ns();
  run.doings = engine.doings();
  for (std::size_t peer = 0; peer < peers; ++peer) {
    const PeerRecord& record = engine.record(peer);
    const std::string asked = question(seed * 100 + peer);
    EXPECT_TRUE(record.gone);
    EXPECT_TRUE(asked.starts_with(record.received)) << "peer " << peer;
    const bool may_miss = record.lost || record.reset_by_peer || record.cut;
    EXPECT_TRUE(may_miss || record.received.size() == asked.size()) << "peer " << peer;
    run.answers.push_back(record.received);
  }
  return run;
}

TEST(ScriptedEngine, clean_script_loses_nothing) {
  for (const std::uint64_t seed : seeds(20)) echo(clean(), seed, 8);
}

TEST(ScriptedEngine, ENG_061_rough_script_loses_nothing) {
  for (const std::uint64_t seed : seeds(150)) {
    echo(rough(), seed, 8);
    if (HasFailure()) return;
  }
}

TEST(ScriptedEngine, ENG_061_hostile_script_loses_only_what_peers_cut) {
  for (const std::uint64_t seed : seeds(300)) {
    echo(hostile(), seed, 8);
    if (HasFailure()) return;
  }
}

TEST(ScriptedEngine, ENG_060_a_seed_replays_to_the_octet_and_the_nanosecond) {
  for (const std::uint64_t seed : seeds(20)) {
    EXPECT_EQ(echo(hostile(), seed, 6), echo(hostile(), seed, 6));
  }
}

TEST(ScriptedEngine, ENG_060_hostile_does_everything_it_is_there_for) {
  Doings all;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Doings one = echo(hostile(), seed, 8).doings;
    all.stale_completions += one.stale_completions;
    all.multishots_ended += one.multishots_ended;
    all.short_sends += one.short_sends;
    all.cancels_raced += one.cancels_raced;
    for (const auto& [what, count] : one.errors) all.errors[what] += count;
  }
  EXPECT_GT(all.stale_completions, 0u);
  EXPECT_GT(all.multishots_ended, 0u);
  EXPECT_GT(all.short_sends, 0u);
  EXPECT_GT(all.cancels_raced, 0u);
  for (const Fault& fault : hostile().faults) {
    EXPECT_GT((all.errors[{fault.operation, fault.error}]), 0u)
        << static_cast<int>(fault.operation) << " " << fault.error;
  }
}

TEST(ScriptedEngine, another_seed_is_another_story) {
  EXPECT_NE(echo(hostile(), 1, 6).ended_at_ns, echo(hostile(), 2, 6).ended_at_ns);
}

TEST(ScriptedEngine, the_nth_time_fails_exactly_once) {
  VirtualClock clock;
  Script script;
  script.faults = {{.operation = Operation::accept, .error = EMFILE, .nth = 2}};
  ScriptedEngine engine(script, 1, clock);
  const Descriptor listener = engine.listen();
  const Token token(Operation::accept, 1, 1);
  for (int count = 0; count < 3; ++count) engine.connect(listener);
  engine.accept(token, listener);
  std::array<Completion, 8> out;
  ASSERT_EQ(engine.turn(out, 0, {}), 2u);
  EXPECT_TRUE(out[0].more);
  EXPECT_EQ(out[1].result, -EMFILE);
  EXPECT_FALSE(out[1].more);
  engine.accept(token, listener);
  EXPECT_EQ(engine.turn(out, 0, {}), 2u);
  EXPECT_GE(out[1].result, 0);
  EXPECT_EQ((engine.doings().errors.at({Operation::accept, EMFILE})), 1u);
}

TEST(ScriptedEngine, waiting_moves_virtual_time_and_nothing_else_does) {
  VirtualClock clock;
  ScriptedEngine engine(clean(), 1, clock);
  std::array<Completion, 8> out;
  EXPECT_EQ(engine.turn(out, 5 * second_ns, {}), 0u);
  EXPECT_EQ(clock.now_ns(), 5 * second_ns);
  engine.nop(Token(Operation::nop, 1, 1));
  EXPECT_EQ(engine.turn(out, 9 * second_ns, {}), 1u);
  EXPECT_EQ(clock.now_ns(), 5 * second_ns);
  EXPECT_EQ(engine.turn(out, uring::no_deadline, {}), 0u);
  EXPECT_EQ(clock.now_ns(), 5 * second_ns);
}

TEST(ScriptedEngine, ENG_060_deadlines_come_a_tick_early_and_late) {
  VirtualClock clock;
  Script script;
  script.timer_skew = 1;
  ScriptedEngine engine(script, 1, clock);
  std::array<Completion, 8> out;
  bool early = false;
  bool late = false;
  for (int count = 0; count < 100 && !(early && late); ++count) {
    const std::uint64_t deadline_ns = clock.now_ns() + second_ns;
    EXPECT_EQ(engine.turn(out, deadline_ns, {}), 0u);
    early = early || clock.now_ns() < deadline_ns;
    late = late || clock.now_ns() > deadline_ns;
  }
  EXPECT_TRUE(early && late);
}

TEST(ScriptedEngine, a_buffer_given_back_is_scribbled_over) {
  VirtualClock clock;
  ScriptedEngine engine(clean(), 1, clock);
  const Descriptor listener = engine.listen();
  const uring::Peer peer = engine.connect(listener);
  engine.accept(Token(Operation::accept, 1, 1), listener);
  std::array<Completion, 8> out;
  ASSERT_EQ(engine.turn(out, 0, {}), 1u);
  engine.receive(Token(Operation::receive, 1, 2), out[0].result);
  engine.deliver(peer, "secret");
  ASSERT_EQ(engine.turn(out, 0, {}), 1u);
  const char* octets = engine.buffers().data(out[0].buffer);
  EXPECT_EQ(std::string_view(octets, 6), "secret");
  engine.buffers().give_back(out[0].buffer);
  engine.turn(out, 0, {});
  EXPECT_EQ(std::string_view(octets, 6), "\xDB\xDB\xDB\xDB\xDB\xDB");
}

TEST(ScriptedEngine, the_story_names_the_seed) {  // VER-031
  VirtualClock clock;
  EXPECT_NE(ScriptedEngine(hostile(), 4711, clock).story().find("PELTON_SEED=4711"),
            std::string::npos);
}

}  // namespace
}  // namespace pelton::support
