// A whole server with TLS on the memory engine and virtual time.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/serve/server.hpp"
#include "http/tls/tls_source.hpp"
#include "tests/http/serve/served.hpp"
#include "tests/http/tls/authority.hpp"
#include "tests/http/tls/tls_client.hpp"
#include "uring/loop.hpp"
#include "uring/memory/memory_engine.hpp"

namespace pelton::http {
namespace {

using support::Authority;
using support::ClientWish;
using support::TlsClient;

constexpr std::string_view question = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

// A client's TLS and its connection.
struct Speaker {
  uring::Peer peer;
  std::unique_ptr<TlsClient> client;
};

class SecureServer : public testing::Test {
 protected:
  SecureServer() : SecureServer(ServerConfig{}) {}
  explicit SecureServer(const ServerConfig& config, const ForwardingRules& forwarding = {})
      : config_(config),
        routes_(serve_test_routes(seen_)),
        source_(std::move(
            *TlsSource::load({.pairs = {authority_.issue("server", {.hosts = {"localhost"}})},
                              .protocols = {"http/1.1"}}))),
        server_({.engine = engine_,
                 .clock = clock_,
                 .routes = routes_,
                 .config = config_,
                 .stats = stats_,
                 .forwarding = forwarding}),
        loop_(engine_, clock_, server_),
        listener_(engine_.listen()) {
    server_.listen(listener_, Server::Sharing::none, Server::Owner::us, source_.get());
    run();
  }
  ~SecureServer() override {
    server_.stop();
    for (int second = 0; second < 100 && !server_.finished(); ++second) pass_ms(1000);
    EXPECT_TRUE(server_.finished());
    EXPECT_EQ(engine_.operations_in_flight(), 0u);
    EXPECT_EQ(engine_.buffers().leases_out(), 0u);
  }

  void run() {
    for (int idle = 0; idle < 2;) idle = loop_.turn({}) == 0 ? idle + 1 : 0;
  }
  void pass_ms(std::uint64_t milliseconds) {
    clock_.advance_ns(milliseconds * 1'000'000);
    run();
  }
  uring::Peer connect() {
    const uring::Peer peer = engine_.connect(listener_);
    run();
    return peer;
  }
  Speaker speaker(const ClientWish& wish = {}) {
    return {.peer = connect(), .client = std::make_unique<TlsClient>(wish)};
  }
  // Lets octets pass both ways until neither end has more. Returns what came in the clear.
  std::string proceed(Speaker& speaker, std::size_t piece_bytes = 1 << 20) {
    for (;;) {
      const std::string up = speaker.client->take();
      for (std::size_t at = 0; at < up.size(); at += piece_bytes) {
        engine_.deliver(speaker.peer, std::string_view(up).substr(at, piece_bytes));
        run();
      }
      run();
      const std::string down = engine_.take_sent(speaker.peer);
      if (up.empty() && down.empty()) return speaker.client->read();
      speaker.client->receive(down);
    }
  }
  std::string ask(Speaker& speaker, std::string_view octets, std::size_t piece_bytes = 1 << 20) {
    speaker.client->write(octets);
    return proceed(speaker, piece_bytes);
  }
  std::uint64_t count(Reason reason) const { return stats_.of(reason); }

  Authority authority_;
  Seen seen_;
  Stats stats_;
  VirtualClock clock_;
  const ServerConfig config_;
  uring::MemoryEngine engine_;
  const RouteTable routes_;
  std::unique_ptr<TlsSource> source_;
  Server server_;
  uring::Loop loop_;
  const uring::Descriptor listener_;
};

TEST_F(SecureServer, requests_are_answered) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Speaker one = speaker({.version_min = version, .version_max = version});
    for (int times = 0; times < 3; ++times) {
      EXPECT_EQ(body_of(ask(one, question)), "hello");
    }
    EXPECT_FALSE(engine_.closed(one.peer));
  }
}

TEST_F(SecureServer, SEG_006_requests_in_pieces_of_records) {
  const std::string request =
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300\r\n\r\n" +
      std::string(300, 'b');
  for (const std::size_t piece_bytes : {1, 2, 3, 5, 17, 100, 500}) {
    Speaker one = speaker();
    EXPECT_EQ(body_of(ask(one, request, piece_bytes)), std::string(300, 'b')) << piece_bytes;
    EXPECT_EQ(body_of(ask(one, request, piece_bytes)), std::string(300, 'b')) << piece_bytes;
  }
}

TEST_F(SecureServer, SEG_006_heads_in_several_records) {
  Speaker one = speaker();
  std::string answered;
  for (const char octet : question) answered += ask(one, {&octet, 1});
  EXPECT_EQ(body_of(answered), "hello");
}

TEST_F(SecureServer, pipelined_answers_leave_in_one_record) {
  Speaker one = speaker();
  ask(one, question);
  one.client->write(std::string(question) + std::string(question));
  engine_.deliver(one.peer, one.client->take());
  run();
  const std::string wire = engine_.take_sent(one.peer);
  const auto octet = [&](std::size_t index) { return static_cast<unsigned char>(wire[index]); };
  ASSERT_GT(wire.size(), 5u);
  EXPECT_EQ(wire.size(), 5u + (std::size_t{octet(3)} << 8 | octet(4)));
  one.client->receive(wire);
  EXPECT_EQ(responses_in(one.client->read()).size(), 2u);
}

TEST_F(SecureServer, large_bodies_both_ways) {
  Speaker one = speaker();
  EXPECT_EQ(body_of(ask(one, "GET /big/3000000 HTTP/1.1\r\nHost: localhost\r\n\r\n")),
            std::string(3'000'000, 'x'));
  const std::string body(500'000, 'b');
  const std::string head =
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size());
  EXPECT_EQ(body_of(ask(one, head + "\r\n\r\n" + body)), body);
}

TEST_F(SecureServer, a_slow_reader_gets_all_of_it) {
  Speaker one = speaker();
  ask(one, question);
  engine_.set_window(one.peer, 1000);
  EXPECT_EQ(body_of(ask(one, "GET /big/200000 HTTP/1.1\r\nHost: localhost\r\n\r\n")),
            std::string(200'000, 'x'));
  EXPECT_GT(count(Reason::engine_short_send), 0u);
}

TEST_F(SecureServer, a_websocket) {
  Speaker one = speaker();
  const std::string answer =
      ask(one,
          "GET /socket/echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
          "Origin: https://localhost\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  EXPECT_EQ(status_of(answer), 101);
  const std::string frame("\x81\x82\0\0\0\0hi", 8);
  EXPECT_EQ(ask(one, frame), std::string("\x81\x02hi"));
}

// --- the end of a connection ---

TEST_F(SecureServer, TLS_005_the_last_answer_is_followed_by_close_notify_and_FIN) {
  Speaker one = speaker();
  EXPECT_EQ(body_of(ask(one, "GET /close HTTP/1.1\r\nHost: localhost\r\n\r\n")), "bye");
  EXPECT_TRUE(one.client->server_has_ended());
  EXPECT_TRUE(engine_.server_shutdown(one.peer));
  EXPECT_FALSE(engine_.server_reset(one.peer));
}

TEST_F(SecureServer, TLS_005_an_idle_connection_ends_with_close_notify) {
  Speaker one = speaker();
  ask(one, question);
  pass_ms(config_.keep_alive_timeout_ms + 1000);
  proceed(one);
  EXPECT_TRUE(one.client->server_has_ended());
  EXPECT_TRUE(engine_.closed(one.peer));
  EXPECT_EQ(count(Reason::closed_keep_alive), 1u);
}

TEST_F(SecureServer, TLS_005_a_client_that_says_its_end) {
  Speaker one = speaker();
  ask(one, question);
  one.client->finish();
  proceed(one);
  EXPECT_TRUE(one.client->server_has_ended());
  EXPECT_TRUE(engine_.closed(one.peer));
  EXPECT_EQ(count(Reason::closed_by_peer), 1u);
}

TEST_F(SecureServer, TLS_005_CON_042_a_client_that_says_its_end_after_requests) {
  Speaker one = speaker();
  proceed(one);
  one.client->write(std::string(question) + std::string(question));
  one.client->finish();
  EXPECT_EQ(responses_in(proceed(one)).size(), 2u);
  EXPECT_TRUE(engine_.closed(one.peer));
}

TEST_F(SecureServer, TLS_005_a_FIN_without_close_notify_is_an_end) {
  Speaker one = speaker();
  ask(one, question);
  engine_.finish(one.peer);
  run();
  EXPECT_TRUE(engine_.closed(one.peer));
  EXPECT_EQ(count(Reason::closed_by_peer), 1u);
}

TEST_F(SecureServer, TLS_005_H1_069_a_FIN_in_a_body_cuts_it_short) {
  Speaker one = speaker();
  EXPECT_EQ(ask(one, "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nbody"),
            "");
  engine_.finish(one.peer);
  EXPECT_EQ(status_of(proceed(one)), 400);
  EXPECT_EQ(count(Reason::refused_body_truncated), 1u);
}

TEST_F(SecureServer, a_suspended_exchange_hears_that_its_client_has_ended) {
  Speaker one = speaker();
  ask(one, "GET /later/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
  one.client->finish();
  proceed(one);
  ASSERT_EQ(seen_.suspended.size(), 1u);
  EXPECT_EQ(seen_.suspended[0].events, std::vector<ExchangeEvent>{ExchangeEvent::peer_finished});
  answer_later(seen_.suspended[0], "late");
  EXPECT_EQ(body_of(proceed(one)), "late");
  engine_.finish(one.peer);
  run();
  EXPECT_TRUE(engine_.closed(one.peer));
}

TEST_F(SecureServer, a_record_that_was_changed_gets_an_alert_and_no_request_runs) {
  Speaker one = speaker();
  ask(one, question);
  one.client->write(question);
  std::string wire = one.client->take();
  wire.back() = static_cast<char>(wire.back() ^ 1);
  const std::size_t calls = seen_.calls;
  engine_.deliver(one.peer, wire);
  run();
  one.client->receive(engine_.take_sent(one.peer));
  // What stands before it depends on the version of OpenSSL.
  EXPECT_TRUE(one.client->failure().ends_with("alert bad record mac")) << one.client->failure();
  EXPECT_EQ(seen_.calls, calls);
  EXPECT_EQ(count(Reason::cut_tls_record), 1u);
  engine_.finish(one.peer);
  run();
  EXPECT_TRUE(engine_.closed(one.peer));
}

TEST_F(SecureServer, a_bad_record_cancels_what_is_suspended) {
  Speaker one = speaker();
  ask(one, "GET /later/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
  engine_.deliver(one.peer, std::string("\x17\x03\x03\0\x20", 5) + std::string(32, 'x'));
  run();
  ASSERT_EQ(seen_.suspended.size(), 1u);
  EXPECT_EQ(seen_.suspended[0].events, std::vector<ExchangeEvent>{ExchangeEvent::cancelled});
  EXPECT_EQ(count(Reason::cut_tls_record), 1u);
}

// --- handshakes ---

TEST_F(SecureServer, TLS_006_clear_text_is_cut) {
  const uring::Peer peer = connect();
  engine_.deliver(peer, question);
  run();
  EXPECT_EQ(engine_.take_sent(peer), "");
  EXPECT_TRUE(engine_.closed(peer));
  EXPECT_EQ(count(Reason::cut_tls_not_tls), 1u);
  EXPECT_EQ(seen_.calls, 0u);
}

TEST_F(SecureServer, TLS_002_no_protocol_in_common_gets_an_alert) {
  Speaker one = speaker({.protocols = {"h2"}});
  proceed(one);
  EXPECT_EQ(one.client->failure(), "tlsv1 alert no application protocol");
  EXPECT_EQ(count(Reason::cut_tls_alpn), 1u);
  EXPECT_TRUE(engine_.server_shutdown(one.peer));
}

TEST_F(SecureServer, LIM_100_tls_handshake_timeout_ms) {
  // n - 1, n, n + 1 in seconds: the timers tick in less than one.
  const std::uint64_t n = config_.tls_handshake_timeout_ms;
  const uring::Peer silent = connect();
  Speaker slow = speaker();
  pass_ms(n - 1000);
  Speaker late = speaker();
  const std::string flight = slow.client->take();
  engine_.deliver(slow.peer, std::string_view(flight).substr(0, 100));
  run();
  EXPECT_FALSE(engine_.closed(silent) || engine_.closed(slow.peer));
  pass_ms(2000);
  EXPECT_TRUE(engine_.closed(silent) && engine_.closed(slow.peer));
  EXPECT_EQ(count(Reason::cut_tls_handshake_timeout), 2u);
  EXPECT_EQ(body_of(ask(late, question)), "hello");
}

TEST_F(SecureServer, TLS_003_one_octet_a_second_is_too_slow) {
  Speaker slow = speaker();
  const std::string flight = slow.client->take();
  for (std::size_t at = 0; at < 20 && !engine_.closed(slow.peer); ++at) {
    engine_.deliver(slow.peer, std::string_view(flight).substr(at, 1));
    pass_ms(1000);
  }
  EXPECT_TRUE(engine_.closed(slow.peer));
  EXPECT_EQ(count(Reason::cut_tls_handshake_timeout), 1u);
}

TEST_F(SecureServer, CON_001_the_first_request_is_awaited_from_the_end_of_the_handshake) {
  Speaker one = speaker();
  pass_ms(config_.tls_handshake_timeout_ms - 1000);
  proceed(one);
  pass_ms(config_.header_timeout_ms - 1000);
  EXPECT_FALSE(engine_.closed(one.peer));
  pass_ms(2000);
  proceed(one);
  EXPECT_TRUE(one.client->server_has_ended());
  EXPECT_TRUE(engine_.closed(one.peer));
  EXPECT_EQ(count(Reason::closed_no_request), 1u);
}

TEST_F(SecureServer, a_client_that_leaves_in_the_handshake_is_lost) {
  Speaker one = speaker();
  engine_.deliver(one.peer, one.client->take());
  run();
  engine_.finish(one.peer);
  run();
  EXPECT_TRUE(engine_.closed(one.peer));
  EXPECT_EQ(count(Reason::lost_tls_handshake), 1u);
  const uring::Peer silent = connect();
  engine_.finish(silent);
  run();
  EXPECT_TRUE(engine_.closed(silent));
  EXPECT_EQ(count(Reason::lost_tls_handshake), 1u);
  EXPECT_EQ(count(Reason::closed_by_peer), 1u);
}

TEST_F(SecureServer, a_stop_goes_on_with_handshakes_and_ends_idle_connections) {
  Speaker idle = speaker();
  ask(idle, question);
  Speaker fresh = speaker();
  server_.stop();
  run();
  EXPECT_EQ(body_of(ask(fresh, question)), "hello");
  EXPECT_TRUE(fresh.client->server_has_ended());
  pass_ms(config_.drain_idle_ms + 1000);
  proceed(idle);
  EXPECT_TRUE(idle.client->server_has_ended());
  EXPECT_TRUE(engine_.closed(idle.peer));
}

TEST_F(SecureServer, many_at_once) {
  std::vector<Speaker> speakers;
  for (int index = 0; index < 50; ++index) speakers.push_back(speaker());
  for (Speaker& one : speakers) engine_.deliver(one.peer, one.client->take());
  run();
  for (Speaker& one : speakers) EXPECT_EQ(body_of(ask(one, question)), "hello");
}

class BehindProxy : public SecureServer {
 protected:
  BehindProxy() : SecureServer({}, {.proxy_protocol = true}) {}
};

TEST_F(BehindProxy, PXY_003_a_PROXY_header_comes_before_TLS) {
  for (const std::size_t piece_bytes : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
    Speaker one = speaker();
    const std::string header = "PROXY TCP4 203.0.113.7 10.0.0.1 56324 443\r\n";
    for (std::size_t at = 0; at < header.size(); at += piece_bytes) {
      engine_.deliver(one.peer, std::string_view(header).substr(at, piece_bytes));
      run();
    }
    EXPECT_EQ(body_of(ask(one, question)), "hello");
  }
}

TEST_F(BehindProxy, PXY_003_TLS_without_a_PROXY_header_is_cut) {
  Speaker one = speaker();
  proceed(one);
  EXPECT_TRUE(engine_.closed(one.peer));
  EXPECT_EQ(count(Reason::cut_proxy_header), 1u);
}

}  // namespace
}  // namespace pelton::http
