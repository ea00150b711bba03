// WebSockets under scripted faults: random cuts, short sends, lateness, errnos, peers that leave at
// any octet. Every message comes back whole, once and in order, every end is told once, and nothing
// is left over.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "served.hpp"
#include "tests/http/websocket/client.hpp"
#include "tests/support/scripted_engine.hpp"
#include "tests/support/seeds.hpp"

namespace pelton::http {
namespace {

using websocket::ClientFrame;
using websocket::frame;
using websocket::ServerFrame;

constexpr std::size_t peers_per_seed = 20;

// What one peer says, and the frames that must come back for it.
struct Conversation {
  std::string octets;
  std::vector<ServerFrame> frames;
  bool deflates = false;
};

void say(Conversation& conversation, std::mt19937_64& random, const std::string& message) {
  const unsigned opcode = 1 + random() % 2;
  conversation.frames.push_back({.opcode = opcode, .payload = message});
  const bool deflated = conversation.deflates && random() % 2 == 0;
  const std::string octets = deflated ? websocket::deflated(message) : message;
  const std::size_t pieces = 1 + random() % 3;
  for (std::size_t piece = 0; piece < pieces; ++piece) {
    const std::size_t from = octets.size() * piece / pieces;
    const std::size_t to = octets.size() * (piece + 1) / pieces;
    conversation.octets += frame({.opcode = piece == 0 ? opcode : 0,
                                  .payload = std::string_view(octets).substr(from, to - from),
                                  .final = piece + 1 == pieces,
                                  .reserved = piece == 0 && deflated ? 4u : 0u});
  }
}

Conversation draw_conversation(std::mt19937_64& random, std::size_t peer) {
  Conversation conversation;
  conversation.deflates = random() % 2 == 0;
  conversation.octets = websocket::handshake(
      random() % 3 == 0 ? "/socket/later" : "/socket/echo",
      conversation.deflates ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "");
  const std::size_t messages = random() % 8;
  for (std::size_t index = 0; index < messages; ++index) {
    std::string message = std::to_string(peer) + "/" + std::to_string(index) + ":";
    message.append(random() % (1 << (random() % 13)), static_cast<char>('a' + random() % 26));
    say(conversation, random, message);
    if (random() % 4 != 0) continue;
    conversation.octets += frame({.opcode = 9, .payload = message.substr(0, 100)});
    conversation.frames.push_back({.opcode = 10, .payload = message.substr(0, 100)});
  }
  conversation.octets += websocket::close(3000, "bye");
  conversation.frames.push_back({.opcode = 8, .payload = "\x0b\xb8"});
  return conversation;
}

// Takes whole frames off what was received; inflates them.
std::vector<ServerFrame> whole_frames(std::string_view octets) {
  std::size_t whole = 0;
  while (octets.size() - whole >= 2) {
    const auto at = [&](std::size_t index) {
      return static_cast<unsigned char>(octets[whole + index]);
    };
    std::size_t head_bytes = 2;
    std::size_t payload_bytes = at(1);
    if (payload_bytes == 126) {
      if (octets.size() - whole < 4) break;
      head_bytes = 4;
      payload_bytes = std::size_t{at(2)} << 8 | at(3);
    }
    if (octets.size() - whole < head_bytes + payload_bytes) break;
    whole += head_bytes + payload_bytes;
  }
  std::vector<ServerFrame> frames = websocket::frames_in(octets.substr(0, whole));
  for (ServerFrame& one : frames) {
    if (std::exchange(one.deflated, false)) one.payload = websocket::inflated(one.payload);
  }
  return frames;
}

void judge(const Conversation& conversation, const support::PeerRecord& record, bool retired) {
  const bool excused = record.refused || record.cut || record.lost || record.reset_by_peer ||
                       (record.faulted && record.saw_reset) || retired;
  const std::size_t head_end = record.received.find("\r\n\r\n");
  if (head_end == std::string::npos) {
    ASSERT_TRUE(excused) << record.received;
    return;
  }
  if (record.received.starts_with("HTTP/1.1 4")) {
    ASSERT_TRUE(record.cut) << record.received;
    return;
  }
  ASSERT_TRUE(record.received.starts_with("HTTP/1.1 101 "));
  std::vector<ServerFrame> frames =
      whole_frames(std::string_view(record.received).substr(head_end + 4));
  // With many unsent ones some pongs are left out (WS-050): never of these few.
  ASSERT_LE(frames.size(), conversation.frames.size());
  for (std::size_t index = 0; index < frames.size(); ++index) {
    ASSERT_EQ(frames[index], conversation.frames[index]) << index;
  }
  if (!excused) {
    ASSERT_EQ(frames.size(), conversation.frames.size());
  }
}

void judge(const SeenSocket& socket) {
  ASSERT_FALSE(socket.news.empty());
  ASSERT_TRUE(socket.news.back().starts_with("closed:")) << socket.news.back();
  ASSERT_EQ(std::ranges::count_if(
                socket.news, [](const std::string& news) { return news.starts_with("closed:"); }),
            1);
}

// Whoever waits is accepted, unless the exchange is over.
void accept_all(Seen& seen) {
  for (const Suspended& suspended : seen.suspended) {
    if (suspended.handle.get() != nullptr) accept_later(seen, suspended).echoes = true;
  }
}

void run_seed(const support::Script& script, std::uint64_t seed) {
  VirtualClock clock;
  support::ScriptedEngine engine(script, seed, clock);
  SCOPED_TRACE(engine.story());
  Seen seen;
  Stats stats;
  const RouteTable routes = serve_test_routes(seen);
  ServerConfig config;
  config.header_timeout_ms = config.rate_grace_ms = config.rate_credit_ms_max = 10'000'000;
  config.websocket_ping_interval_ms = no_limit;
  config.websocket_close_timeout_ms = 10'000'000;
  config.graceful_timeout_ms = 2 * config.header_timeout_ms;
  config.websocket_deflate_bytes_min = 200;
  Server server(
      {.engine = engine, .clock = clock, .routes = routes, .config = config, .stats = stats});
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

  constexpr std::size_t turns_max = 200'000;
  std::size_t turns = 0;
  bool stopped = false;
  while (!(server.finished() && engine.operations_in_flight() == 0) && turns < turns_max) {
    if (!stopped && engine.quiet()) {
      server.stop();
      stopped = true;
    }
    loop.turn({});
    accept_all(seen);
    ++turns;
  }
  ASSERT_LE(engine.longest_stall_ns(), 1'000'000'000u);
  ASSERT_LT(turns, turns_max) << "connections live: " << server.connections_live();
  ASSERT_EQ(server.connections_live(), 0u);
  ASSERT_EQ(engine.operations_in_flight(), 0u);
  ASSERT_EQ(engine.buffers().leases_out(), 0u);
  for (const SeenSocket& socket : seen.sockets) ASSERT_NO_FATAL_FAILURE(judge(socket));
  for (std::size_t peer = 0; peer < peers_per_seed; ++peer) {
    SCOPED_TRACE("peer " + std::to_string(peer));
    ASSERT_NO_FATAL_FAILURE(judge(conversations[peer], engine.record(peer), server.retired()));
  }
}

class ScriptedWebsocket : public testing::TestWithParam<support::Script> {};

TEST_P(ScriptedWebsocket, ENG_061_WS_034_no_message_is_lost_doubled_torn_or_crossed) {
  for (const std::uint64_t seed : support::seeds(300)) {
    ASSERT_NO_FATAL_FAILURE(run_seed(GetParam(), seed));
  }
}

INSTANTIATE_TEST_SUITE_P(Scripts, ScriptedWebsocket,
                         testing::Values(support::clean(), support::rough(), support::hostile()),
                         [](const auto& script) { return std::string(script.param.name); });

}  // namespace
}  // namespace pelton::http
