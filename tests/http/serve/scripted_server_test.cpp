// The whole server under scripted faults: random cuts, short sends, lateness, errnos, peers that
// leave at any octet. Every response that arrives is the right one, in order; nothing is left over.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "served.hpp"
#include "tests/support/scripted_engine.hpp"
#include "tests/support/seeded_random.hpp"
#include "tests/support/seeds.hpp"

namespace pelton::http {
namespace {

constexpr std::size_t peers_per_seed = 40;

// One peer's requests and what must come back for them.
struct Conversation {
  std::string octets;
  std::vector<std::string> bodies;
};

Conversation draw_conversation(std::mt19937_64& random, std::size_t peer) {
  Conversation conversation;
  const std::size_t requests = 1 + random() % 6;
  for (std::size_t index = 0; index < requests; ++index) {
    std::string body = std::to_string(peer) + "/" + std::to_string(index) + ":";
    body.append(random() % (1 << (random() % 13)), static_cast<char>('a' + random() % 26));
    std::string& octets = conversation.octets;
    // Some bodies stream through the handler, with the response behind them or beside them.
    const std::array<std::string, 3> paths{"/echo", "/relay/early", "/relay/late"};
    const std::string post = "POST " + paths[random() % 3] + " HTTP/1.1\r\nHost: a\r\n";
    switch (random() % 4) {
      case 0:
        octets += "GET /name/x HTTP/1.1\r\nHost: a\r\n\r\n";
        body = "hello";
        break;
      case 1:
        octets += "GET /later/x HTTP/1.1\r\nHost: a\r\n\r\n";
        body = "later";
        break;
      case 2:
        octets += post + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        break;
      default: {
        octets += post + "Transfer-Encoding: chunked\r\n\r\n";
        for (std::size_t at = 0; at < body.size();) {
          const std::size_t bytes = std::min<std::size_t>(1 + random() % 700, body.size() - at);
          char size[20];
          std::snprintf(size, sizeof size, "%zx\r\n", bytes);
          octets += size + body.substr(at, bytes) + "\r\n";
          at += bytes;
        }
        octets += "0\r\n\r\n";
      }
    }
    conversation.bodies.push_back(body);
  }
  return conversation;
}

// What `rest`, behind a head, holds of its body: nothing if it is not whole.
struct ReceivedBody {
  std::string content;
  std::size_t bytes;  // with the framing
};

std::optional<ReceivedBody> read_body(std::string_view head, std::string_view rest) {
  if (const std::size_t at = head.find("Content-Length: "); at != std::string_view::npos) {
    const std::size_t bytes = std::strtoull(head.data() + at + 16, nullptr, 10);
    if (rest.size() < bytes) return std::nullopt;
    return ReceivedBody{std::string(rest.substr(0, bytes)), bytes};
  }
  EXPECT_NE(head.find("Transfer-Encoding: chunked\r\n"), std::string_view::npos) << head;
  ReceivedBody body{"", 0};
  while (true) {
    const std::size_t line_end = rest.find("\r\n", body.bytes);
    if (line_end == std::string_view::npos) return std::nullopt;
    const std::size_t bytes = std::strtoull(rest.data() + body.bytes, nullptr, 16);
    if (rest.size() < line_end + 2 + bytes + 2) return std::nullopt;
    body.content += rest.substr(line_end + 2, bytes);
    EXPECT_EQ(rest.substr(line_end + 2 + bytes, 2), "\r\n");
    body.bytes = line_end + 2 + bytes + 2;
    if (bytes == 0) return body;
  }
}

// Judges what one peer received: whole responses in order, then at most a part of the next one, or
// one refusal if the script cut what it said.
void judge(const Conversation& conversation, const support::PeerRecord& record, bool retired) {
  std::string_view rest = record.received;
  std::size_t answered = 0;
  while (true) {
    const std::size_t head_end = rest.find("\r\n\r\n");
    if (head_end == std::string_view::npos) break;
    const std::string_view head = rest.substr(0, head_end + 4);
    const auto body = read_body(head, rest.substr(head.size()));
    if (head.starts_with("HTTP/1.1 4")) {
      // A cut request is refused, and that is the last word.
      ASSERT_TRUE(record.cut) << head;
      if (body) {
        ASSERT_EQ(rest.size(), head.size() + body->bytes);
      }
      return;
    }
    ASSERT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\n")) << head;
    if (!body) break;
    ASSERT_LT(answered, conversation.bodies.size());
    ASSERT_EQ(body->content, conversation.bodies[answered]);
    rest.remove_prefix(head.size() + body->bytes);
    ++answered;
  }
  const bool excused = record.refused || record.cut || record.lost || record.reset_by_peer ||
                       (record.faulted && record.saw_reset);
  // Two accepts in a row that went astray end the server in the middle of things (ENG-030).
  if (!excused && !retired) {
    ASSERT_TRUE(rest.empty()) << rest;
    ASSERT_EQ(answered, conversation.bodies.size());
  }
}

// Whoever waits is answered, unless the exchange is over.
void answer_all(const Seen& seen) {
  for (const Suspended& suspended : seen.suspended) {
    if (suspended.handle.get() != nullptr) answer_later(suspended, "later");
  }
}

void run_seed(const support::Script& script, std::uint64_t seed) {
  VirtualClock clock;
  support::ScriptedEngine engine(script, seed, clock);
  SCOPED_TRACE(engine.story());
  Seen seen;
  Stats stats;
  const RouteTable routes = serve_test_routes(seen);
  // Peers of a script may be slower than a server bears by default; here they only may not hang.
  ServerConfig config;
  // Little is received through the buffers that all share.
  config.receive_credit_bytes = 200;
  config.header_timeout_ms = config.rate_grace_ms = config.rate_credit_ms_max = 10'000'000;
  config.graceful_timeout_ms = 2 * config.header_timeout_ms;
  // Bodies are small here, and some go through a file all the same.
  const SpoolRules spool_rules{.body_bytes_max_held = 700, .piece_bytes = 500};
  Server server({.engine = engine,
                 .clock = clock,
                 .routes = routes,
                 .config = config,
                 .stats = stats,
                 .spool_rules = spool_rules});
  uring::Loop loop(engine, clock, server);
  const uring::Descriptor listener = engine.listen();
  server.listen(listener);

  std::mt19937_64 random(seed);
  std::vector<Conversation> conversations;
  for (std::size_t peer = 0; peer < peers_per_seed; ++peer) {
    conversations.push_back(draw_conversation(random, peer));
    engine.play(listener, conversations.back().octets,
                random() % 2 == 0 ? support::Ending::half_closes : support::Ending::waits);
  }

  // Enough turns for everything that can happen; a hang would need more.
  constexpr std::size_t turns_max = 200'000;
  std::size_t turns = 0;
  bool stopped = false;
  while (!(server.finished() && engine.operations_in_flight() == 0) && turns < turns_max) {
    if (!stopped && engine.quiet()) {
      server.stop();
      stopped = true;
    }
    loop.turn({});
    answer_all(seen);
    ++turns;
  }
  ASSERT_LE(engine.longest_stall_ns(), 1'000'000'000u);  // ENG-015
  ASSERT_LT(turns, turns_max) << "connections live: " << server.connections_live();
  ASSERT_EQ(server.connections_live(), 0u);
  ASSERT_EQ(engine.operations_in_flight(), 0u);
  ASSERT_EQ(engine.buffers().leases_out(), 0u);
  for (std::size_t peer = 0; peer < peers_per_seed; ++peer) {
    SCOPED_TRACE("peer " + std::to_string(peer));
    ASSERT_NO_FATAL_FAILURE(judge(conversations[peer], engine.record(peer), server.retired()));
  }
}

class ScriptedServer : public testing::TestWithParam<support::Script> {};

// 10^5 connections in all: 900 seeds of 40 peers in each of three scripts.
TEST_P(ScriptedServer, ENG_061_no_octet_is_lost_doubled_or_crossed) {
  for (const std::uint64_t seed : support::seeds(900)) {
    ASSERT_NO_FATAL_FAILURE(run_seed(GetParam(), seed));
  }
}

// Every errno but the two that are defects of ours and stop the worker (ENG-038).
std::vector<int> errnos() {
  std::vector<int> all;
  for (int error = EPERM; error <= EHWPOISON; ++error) {
    if (error != EBADF && error != EFAULT) all.push_back(error);
  }
  return all;
}

// Two errnos, the first in its turn, each at 0.1 to 10 % on everything a server asks for.
support::Script errno_script(std::uint64_t seed) {
  const std::vector<int> all = errnos();
  support::SeededRandom random(seed);
  support::Script script;
  script.name = "errnos";
  script.receive_short = script.send_short = 0.2;
  script.send_at_once = 0.5;
  for (const int error : {all[seed % all.size()], all[random.below(all.size())]}) {
    const double probability = std::pow(10.0, -1 - 2 * random.fraction());
    for (const uring::Operation operation :
         {uring::Operation::accept, uring::Operation::receive, uring::Operation::send,
          uring::Operation::shutdown, uring::Operation::close}) {
      script.faults.push_back({operation, error, probability});
    }
  }
  return script;
}

// Each errno twice here; PELTON_SEED_COUNT=7200 makes it 10^6 requests.
TEST(ScriptedServerErrnos, ENG_015_every_errno_leaves_progress_within_a_second) {
  for (const std::uint64_t seed : support::seeds(2 * errnos().size())) {
    ASSERT_NO_FATAL_FAILURE(run_seed(errno_script(seed), seed));
  }
}

}  // namespace
}  // namespace pelton::http

namespace pelton::support {
// How gtest names the parameter of a failed test.
void PrintTo(const Script& script, std::ostream* stream) {
  *stream << script.name;
}
}  // namespace pelton::support

namespace pelton::http {
namespace {

INSTANTIATE_TEST_SUITE_P(Scripts, ScriptedServer,
                         testing::Values(support::clean(), support::rough(), support::hostile()),
                         [](const auto& script) { return std::string(script.param.name); });

}  // namespace
}  // namespace pelton::http
