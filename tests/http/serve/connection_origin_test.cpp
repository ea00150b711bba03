// PXY-003 on the whole server: the header in front of a connection, in any pieces, and what a
// connection without one meets.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/stats.hpp"
#include "core/timer_wheel.hpp"
#include "http/routing/router.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/server.hpp"
#include "tests/http/serve/served.hpp"
#include "tests/support/scripted_engine.hpp"
#include "tests/support/seeds.hpp"
#include "uring/loop.hpp"
#include "uring/memory/memory_engine.hpp"

namespace pelton::http {
namespace {

using namespace std::string_literals;

const std::string text_header = "PROXY TCP4 203.0.113.7 198.51.100.1 56324 443\r\n";
const std::string local_header = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"s;
const std::string get = "GET /name/x HTTP/1.1\r\nHost: a\r\n\r\n";

// Answers with the ends and the scheme of the request.
Outcome tell_origin(void*, Exchange& exchange) {
  const Endpoints& ends = exchange.endpoints();
  const std::string body = ends.client_host + ' ' + std::to_string(ends.client_port) + " to " +
                           ends.server_host + ' ' + std::to_string(ends.server_port) +
                           (exchange.is_secure() ? " by https" : "");
  return exchange.respond({}, body) == HeadFault::none ? Outcome::responded : Outcome::failed;
}

RouteTable origin_routes() {
  Router router;
  constexpr std::array<std::string_view, 1> methods{"GET"};
  const auto route = router.add(methods, "/name/{name}");
  router.settings(route.value()).handler = {&tell_origin, nullptr};
  return router.freeze({});
}

const std::string own_ends = "10.0.0.1 40000 to 10.0.0.9 8000";

ForwardingRules rules(const std::string& trusted) {
  ForwardingRules made{.family = ForwardedFamily::x_forwarded, .proxy_protocol = true};
  if (!trusted.empty()) {
    EXPECT_EQ(made.trusted.add(trusted), "");
  }
  return made;
}

class ProxyProtocol : public testing::Test {
 protected:
  ~ProxyProtocol() override {
    server.stop();
    for (int second = 0; second < 100 && !server.finished(); ++second) pass_ms(1000);
    EXPECT_TRUE(server.finished());
    EXPECT_EQ(engine.operations_in_flight(), 0u);
  }

  void run(uring::Loop& one) {
    for (int idle = 0; idle < 2;) idle = one.turn({}) == 0 ? idle + 1 : 0;
  }
  void pass_ms(std::uint64_t milliseconds) {
    clock.advance_ns(milliseconds * 1'000'000);
    run(loop);
  }
  uring::Peer connect() {
    const uring::Peer peer = engine.connect(listener);
    run(loop);
    return peer;
  }
  std::string send(uring::Peer peer, std::string_view octets, std::size_t piece_bytes = 0) {
    std::vector<std::size_t> pieces;
    for (std::size_t left = octets.size(); piece_bytes != 0 && left != 0;) {
      pieces.push_back(std::min(piece_bytes, left));
      left -= pieces.back();
    }
    if (pieces.empty()) pieces.push_back(octets.size());
    engine.deliver(peer, octets, pieces);
    run(loop);
    return engine.take_sent(peer);
  }
  std::string told(uring::Peer peer, const std::string& octets, std::size_t piece_bytes = 0) {
    const std::vector<std::string> responses = responses_in(send(peer, octets, piece_bytes));
    return responses.size() == 1 ? body_of(responses[0]) : std::to_string(responses.size());
  }

  VirtualClock clock;
  Stats stats;
  uring::MemoryEngine engine;
  const RouteTable routes = origin_routes();
  const ServerConfig config;
  Server server{
      {.engine = engine,
       .clock = clock,
       .routes = routes,
       .config = config,
       .stats = stats,
       .endpoints_of =
           [](uring::Descriptor) { return Endpoints{"10.0.0.1", 40000, "10.0.0.9", 8000}; },
       .forwarding = rules("10.0.0.0/8")}};
  uring::Loop loop{engine, clock, server};
  uring::Descriptor listener = engine.listen();
  const bool listens = (server.listen(listener), run(loop), true);
};

TEST_F(ProxyProtocol, PXY_003_SEG_006_names_the_ends_in_pieces_of_any_size) {
  for (const std::size_t piece_bytes : {0, 1, 2, 3, 50, 106, 107, 108}) {
    EXPECT_EQ(told(connect(), text_header + get, piece_bytes),
              "203.0.113.7 56324 to 198.51.100.1 443");
    EXPECT_EQ(told(connect(), local_header + get, piece_bytes), own_ends);
    EXPECT_EQ(told(connect(), "PROXY UNKNOWN\r\n" + get, piece_bytes), own_ends);
  }
  EXPECT_EQ(stats.of(Reason::cut_proxy_header), 0u);
}

TEST_F(ProxyProtocol, PXY_003_holds_for_the_whole_connection) {
  const uring::Peer peer = connect();
  for (int times = 0; times < 3; ++times) {
    EXPECT_EQ(told(peer, (times == 0 ? text_header : "") + get),
              "203.0.113.7 56324 to 198.51.100.1 443");
  }
  // Once.
  EXPECT_EQ(status_of(send(peer, text_header + get)), 400);
}

TEST_F(ProxyProtocol, PXY_003_a_client_that_spoke_tls_asked_by_https) {
  const std::string tls = "\x20\0\x05\x01\0\0\0\0"s;
  const std::string ends = "\xcb\x00\x71\x07\xc6\x33\x64\x01\xdc\x04\x01\xbb"s;
  const std::string header = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x14"s + ends + tls;
  EXPECT_EQ(told(connect(), header + get, 1), "203.0.113.7 56324 to 198.51.100.1 443 by https");
}

TEST_F(ProxyProtocol, PXY_003_what_does_not_begin_with_one_is_cut_without_an_answer) {
  std::uint64_t cuts = 0;
  for (const std::string& octets :
       {get, "PROXY TCP4 203.0.113.7\r\n"s + get, "PROXY UNKNOWN\n"s + get, "\x16\x03\x01"s,
        "PROXY "s + std::string(200, 'x'), local_header.substr(0, 12) + std::string(4, '\xff')}) {
    for (const std::size_t piece_bytes : {0, 1}) {
      const uring::Peer peer = connect();
      EXPECT_EQ(send(peer, octets, piece_bytes), "");
      EXPECT_TRUE(engine.closed(peer));
      EXPECT_EQ(stats.of(Reason::cut_proxy_header), ++cuts);
    }
  }
}

TEST_F(ProxyProtocol, PXY_003_a_header_that_stays_unfinished_is_cut) {
  const uring::Peer slow = connect();
  EXPECT_EQ(send(slow, text_header.substr(0, 20)), "");
  pass_ms(config.header_timeout_ms - 1);
  EXPECT_FALSE(engine.closed(slow));
  pass_ms(2 * TimerWheel::tick_ms);
  EXPECT_TRUE(engine.closed(slow));
  EXPECT_EQ(stats.of(Reason::cut_proxy_header), 1u);
  const uring::Peer ended = connect();
  send(ended, text_header.substr(0, 20));
  engine.finish(ended);
  run(loop);
  EXPECT_TRUE(engine.closed(ended));
  EXPECT_EQ(stats.of(Reason::cut_proxy_header), 2u);
}

TEST_F(ProxyProtocol, PXY_003_a_look_at_the_port_is_no_fault) {
  const uring::Peer silent = connect();
  pass_ms(config.header_timeout_ms);
  EXPECT_TRUE(engine.closed(silent));
  engine.finish(connect());
  run(loop);
  const uring::Peer checked = connect();
  send(checked, local_header);
  engine.finish(checked);
  run(loop);
  EXPECT_TRUE(engine.closed(checked));
  EXPECT_EQ(stats.of(Reason::cut_proxy_header), 0u);
  EXPECT_EQ(stats.of(Reason::closed_no_request), 1u);
}

TEST_F(ProxyProtocol, PXY_001_the_named_client_is_trusted_by_its_own_address) {
  const std::string fields = "GET /name/x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n";
  EXPECT_EQ(told(connect(), text_header + fields), "203.0.113.7 56324 to 198.51.100.1 443");
  EXPECT_EQ(told(connect(), "PROXY TCP4 10.0.0.2 10.0.0.3 1 2\r\n" + fields),
            "6.6.6.6 0 to 10.0.0.3 2");
}

// --- other peers, other pieces ---

std::string told_by(uring::Engine& engine, VirtualClock& clock, const std::string& trusted,
                    const std::function<void(uring::Descriptor)>& play,
                    const std::function<bool()>& is_over,
                    const std::function<std::string()>& said) {
  Stats stats;
  const RouteTable routes = origin_routes();
  const ServerConfig config;
  Server server(
      {.engine = engine,
       .clock = clock,
       .routes = routes,
       .config = config,
       .stats = stats,
       .endpoints_of =
           [](uring::Descriptor) { return Endpoints{"10.0.0.1", 40000, "10.0.0.9", 8000}; },
       .forwarding = rules(trusted)});
  uring::Loop loop(engine, clock, server);
  auto& memory = dynamic_cast<uring::MemoryEngine&>(engine);
  const uring::Descriptor listener = memory.listen();
  server.listen(listener);
  play(listener);
  bool stopped = false;
  for (int turns = 0; turns < 100'000 && !server.finished(); ++turns) {
    if (!stopped && is_over()) {
      stopped = true;
      server.stop();
    }
    loop.turn({});
    if (stopped) clock.advance_ns(1'000'000);
  }
  EXPECT_TRUE(server.finished());
  return said();
}

TEST(ProxyProtocolOfStrangers, PXY_003_a_header_is_required_of_them_and_changes_nothing) {
  for (const char* trusted : {"", "10.0.0.2", "unix"}) {
    VirtualClock clock;
    uring::MemoryEngine engine;
    uring::Peer peer{};
    std::string sent;
    int turns = 0;
    const std::string said = told_by(
        engine, clock, trusted,
        [&](uring::Descriptor listener) {
          peer = engine.connect(listener);
          engine.deliver(peer, text_header + get);
        },
        [&] {
          sent += engine.take_sent(peer);
          return ++turns > 20;
        },
        [&] { return body_of(responses_in(sent).at(0)); });
    EXPECT_EQ(said, own_ends) << trusted;
  }
}

TEST(ProxyProtocolOnABadNetwork, PXY_003_no_octet_is_lost_between_header_and_request) {
  for (const std::uint64_t seed : support::seeds(60)) {
    VirtualClock clock;
    support::Script script = support::rough();
    script.peer_cut_by_finish = script.peer_cut_by_half_close = script.peer_cut_by_reset = 0;
    script.receive_short = 0.9;
    support::ScriptedEngine engine(script, seed, clock);
    SCOPED_TRACE(engine.story());
    std::size_t peer = 0;
    const std::string said = told_by(
        engine, clock, "10.0.0.1",
        [&](uring::Descriptor listener) {
          peer = engine.play(listener, text_header + get, support::Ending::half_closes);
        },
        [&] { return engine.quiet(); },
        [&] {
          const support::PeerRecord& record = engine.record(peer);
          if (record.refused || record.lost || record.faulted) return "excused"s;
          const std::vector<std::string> responses = responses_in(record.received);
          return responses.empty() ? "nothing"s : body_of(responses[0]);
        });
    if (said != "excused") {
      EXPECT_EQ(said, "203.0.113.7 56324 to 198.51.100.1 443");
    }
  }
}

}  // namespace
}  // namespace pelton::http
