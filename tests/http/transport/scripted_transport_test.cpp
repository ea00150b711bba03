// A protocol that is no HTTP over the transports, under scripted faults, with and without a filter
// where TLS will be: every line that arrives comes back, in order, and nothing is left over.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/support/line_echo.hpp"
#include "tests/support/scripted_engine.hpp"
#include "tests/support/seeds.hpp"
#include "uring/loop.hpp"

namespace pelton::support {
namespace {

constexpr std::size_t peers_per_seed = 40;

std::string draw_lines(std::mt19937_64& random) {
  std::string lines;
  for (std::size_t count = random() % 8; count > 0; --count) {
    lines.append(random() % (std::size_t{1} << (random() % 13)),
                 static_cast<char>('a' + random() % 26));
    lines += '\n';
  }
  if (random() % 4 == 0) lines += "quit\n";
  // A line that is not whole is never echoed.
  if (random() % 4 == 0) lines += "cut off";
  return lines;
}

// What comes back for all of it.
std::string echo_of(const std::string& lines) {
  return lines.substr(0, lines.rfind('\n') + 1);
}

void judge(const std::string& lines, const PeerRecord& record, bool filters) {
  std::string received = record.received;
  if (filters) {
    const std::string_view greeting = XorFilter::greeting;
    const std::size_t greeted = std::min(received.size(), greeting.size());
    ASSERT_EQ(received.substr(0, greeted), greeting.substr(0, greeted));
    received = XorFilter::of(received.substr(greeted));
  }
  const std::string wanted = echo_of(lines);
  ASSERT_EQ(received, wanted.substr(0, received.size()));
  const bool excused =
      record.refused || record.cut || record.lost || record.reset_by_peer || record.faulted;
  if (!excused) {
    ASSERT_EQ(received, wanted);
  }
}

void run_seed(const Script& script, std::uint64_t seed, bool filters) {
  VirtualClock clock;
  ScriptedEngine engine(script, seed, clock);
  SCOPED_TRACE(engine.story());
  LineEcho server(engine, clock, filters);
  uring::Loop loop(engine, clock, server);
  const uring::Descriptor listener = engine.listen();
  server.listen(listener);
  std::mt19937_64 random(seed);
  std::vector<std::string> lines;
  for (std::size_t peer = 0; peer < peers_per_seed; ++peer) {
    lines.push_back(draw_lines(random));
    engine.play(listener, filters ? XorFilter::of(lines.back()) : lines.back(),
                Ending::half_closes);
  }
  constexpr std::size_t turns_max = 200'000;
  std::size_t turns = 0;
  while (!(server.finished() && engine.operations_in_flight() == 0) && turns < turns_max) {
    if (engine.quiet()) server.stop();
    loop.turn({});
    ++turns;
  }
  ASSERT_LT(turns, turns_max) << "connections live: " << server.live();
  ASSERT_EQ(engine.operations_in_flight(), 0u);
  ASSERT_EQ(engine.buffers().leases_out(), 0u);
  ASSERT_LE(engine.longest_stall_ns(), 1'000'000'000u);
  for (std::size_t peer = 0; peer < peers_per_seed; ++peer) {
    SCOPED_TRACE("peer " + std::to_string(peer));
    ASSERT_NO_FATAL_FAILURE(judge(lines[peer], engine.record(peer), filters));
  }
}

class ScriptedTransport : public testing::TestWithParam<Script> {};

// 10^5 connections in all: 850 seeds of 40 peers in each of three scripts.
TEST_P(ScriptedTransport, lines_come_back_in_order) {
  for (const std::uint64_t seed : seeds(850)) {
    ASSERT_NO_FATAL_FAILURE(run_seed(GetParam(), seed, false));
  }
}

TEST_P(ScriptedTransport, lines_come_back_in_order_through_a_filter) {
  for (const std::uint64_t seed : seeds(850)) {
    ASSERT_NO_FATAL_FAILURE(run_seed(GetParam(), seed, true));
  }
}

}  // namespace

// How gtest names the parameter of a failed test.
void PrintTo(const Script& script, std::ostream* stream) {
  *stream << script.name;
}

namespace {

INSTANTIATE_TEST_SUITE_P(Scripts, ScriptedTransport, testing::Values(clean(), rough(), hostile()),
                         [](const auto& script) { return std::string(script.param.name); });

}  // namespace
}  // namespace pelton::support
