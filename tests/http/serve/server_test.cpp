#include "http/serve/server.hpp"

#include "served.hpp"
#include "tests/http/websocket/client.hpp"

namespace pelton::http {
namespace {

constexpr const char* hello_request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr const char* hello_response =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";

TEST(Server, a_request_is_answered_and_the_connection_kept) {
  Served served;
  const uring::Peer peer = served.connect();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(responses_in(served.send(peer, hello_request)),
              std::vector<std::string>{hello_response});
  }
  EXPECT_FALSE(served.engine.closed(peer));
  served.engine.hang_up(peer);
  served.run();
}

TEST(Server, PRC_013_accepts_until_stopped_and_then_lets_the_idle_go) {
  Served served;
  const uring::Peer idle = served.connect();
  served.server.stop();
  served.run();
  EXPECT_FALSE(served.engine.closed(idle));
  served.pass_ms(2100);
  EXPECT_TRUE(served.engine.closed(idle));
  EXPECT_TRUE(served.server.finished());
}

TEST(Server, PRC_011_what_waits_in_the_accept_queue_is_still_served) {
  Served served;
  std::vector<uring::Peer> peers;
  for (int count = 0; count < 5; ++count) {
    peers.push_back(served.engine.connect(served.listener));
    served.engine.deliver(peers.back(), hello_request);
  }
  served.server.stop();
  served.run();
  for (const uring::Peer peer : peers) {
    EXPECT_EQ(responses_in(served.engine.take_sent(peer)).size(), 1u);
  }
  const uring::Peer late = served.engine.connect(served.listener);
  served.engine.deliver(late, hello_request);
  served.run();
  EXPECT_EQ(served.engine.take_sent(late), "");
}

TEST(Server, PRC_012_responses_during_a_stop_say_close) {
  Served served;
  const uring::Peer peer = served.connect();
  served.server.stop();
  const auto responses = responses_in(served.send(peer, hello_request));
  ASSERT_EQ(responses.size(), 1u);
  EXPECT_NE(responses[0].find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(served.engine.server_shutdown(peer));
}

TEST(Server, LIM_091_a_stop_begins_with_a_delay_of_normal_service) {
  ServerConfig config;
  config.drain_delay_ms = 3000;
  Served served(config);
  const uring::Peer peer = served.connect();
  served.server.stop();
  served.run();
  served.pass_ms(2999);
  EXPECT_EQ(responses_in(served.send(peer, hello_request)),
            std::vector<std::string>{hello_response});
  served.pass_ms(1);
  const auto responses = responses_in(served.send(peer, hello_request));
  ASSERT_EQ(responses.size(), 1u);
  EXPECT_NE(responses[0].find("Connection: close\r\n"), std::string::npos);
}

TEST(Server, PRC_002_a_quick_stop_ends_who_waits_and_flushes_what_has_begun) {
  ServerConfig config;
  config.drain_idle_ms = 1'000'000;
  Served served(config);
  const uring::Peer idle = served.connect();
  const uring::Peer reading = served.connect();
  served.engine.set_window(reading, 100);
  served.send(reading, "GET /big/5000 HTTP/1.1\r\nHost: a\r\n\r\n");
  const uring::Peer unfinished = served.connect();
  served.send(unfinished, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
  served.server.stop_quickly();
  served.run();
  served.pass_ms(100);
  EXPECT_TRUE(served.engine.closed(idle));
  EXPECT_FALSE(served.engine.closed(reading));
  served.engine.set_window(reading, 1 << 20);
  served.run();
  served.pass_ms(100);
  EXPECT_GT(served.engine.take_sent(reading).size(), 5000u);
  EXPECT_TRUE(served.engine.closed(reading));
  served.pass_ms(900);
  EXPECT_TRUE(served.engine.closed(unfinished));
  EXPECT_EQ(served.count(Reason::cut_drain_deadline), 1u);
}

TEST(Server, PRC_002_a_quick_stop_hastens_a_graceful_one) {
  ServerConfig config;
  config.drain_idle_ms = 1'000'000;
  config.drain_delay_ms = 10'000;
  Served served(config);
  const uring::Peer idle = served.connect();
  served.server.stop();
  served.run();
  served.pass_ms(1000);
  EXPECT_FALSE(served.engine.closed(idle));
  served.server.stop_quickly();
  served.server.stop();
  served.run();
  served.pass_ms(100);
  EXPECT_TRUE(served.engine.closed(idle));
}

TEST(Server, PRC_033_an_idle_loop_turns_within_the_interval_it_was_given) {
  Seen seen;
  Stats stats;
  VirtualClock clock;
  uring::MemoryEngine engine;
  const RouteTable routes = serve_test_routes(seen);
  const ServerConfig config;
  Server idle(
      {.engine = engine, .clock = clock, .routes = routes, .config = config, .stats = stats});
  EXPECT_EQ(idle.next_deadline_ns(), uring::no_deadline);
  Server beating({.engine = engine,
                  .clock = clock,
                  .routes = routes,
                  .config = config,
                  .stats = stats,
                  .turn_interval_ms_max = 1000});
  clock.advance_ns(5'000'000'000);
  EXPECT_EQ(beating.next_deadline_ns(), clock.now_ns() + 1'000'000'000);
}

// What lies behind a request in the same receive, in a later one, and in the kernel's hands.
TEST(Server, PRC_012_PRC_018_what_has_arrived_behind_an_answer_of_a_stop_is_answered) {
  const std::string four =
      std::string(hello_request) + hello_request + hello_request + hello_request;
  const std::size_t one = std::string_view(hello_request).size();
  for (const std::vector<std::size_t>& pieces :
       {std::vector<std::size_t>{four.size()}, {one, one, one, one}, {one + 7, one, one}}) {
    Served served;
    const uring::Peer peer = served.connect();
    served.server.stop();
    served.engine.deliver(peer, four, pieces);
    served.run();
    const auto responses = responses_in(served.engine.take_sent(peer));
    EXPECT_EQ(responses.size(), 4u);
    for (const std::string& response : responses) {
      EXPECT_NE(response.find("Connection: close\r\n"), std::string::npos);
    }
    EXPECT_TRUE(served.engine.server_shutdown(peer));
  }
}

TEST(Server, PRC_012_half_a_request_behind_an_answer_of_a_stop_is_not_waited_for) {
  Served served;
  const uring::Peer peer = served.connect();
  served.server.stop();
  const auto responses = responses_in(served.send(peer, std::string(hello_request) + "GET / HT"));
  EXPECT_EQ(responses.size(), 1u);
  EXPECT_TRUE(served.engine.server_shutdown(peer));
}

TEST(Server, PRC_012_who_asked_for_the_end_itself_gets_nothing_more_in_a_stop) {
  Served served;
  const uring::Peer peer = served.connect();
  served.server.stop();
  const std::string last = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  EXPECT_EQ(responses_in(served.send(peer, last + hello_request)).size(), 1u);
}

TEST(Server, OBS_006_gauges_tell_what_each_connection_does) {
  Served served;
  const uring::Peer idle = served.connect();
  const uring::Peer reading = served.connect();
  served.send(reading, "GET / HT");
  const uring::Peer running = served.connect();
  served.send(running, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
  const uring::Peer writing = served.connect();
  served.engine.set_window(writing, 100);
  served.send(writing, "GET /big/5000 HTTP/1.1\r\nHost: a\r\n\r\n");
  const uring::Peer lingering = served.connect();
  served.send(lingering, "GET /close HTTP/1.1\r\nHost: a\r\n\r\n");
  Gauges now = served.server.gauges();
  EXPECT_EQ(in(now, Gauge::connections_idle), 1u);
  EXPECT_EQ(in(now, Gauge::connections_reading), 2u);
  EXPECT_EQ(in(now, Gauge::exchanges_running), 1u);
  EXPECT_EQ(in(now, Gauge::exchanges_queued), 0u);
  EXPECT_EQ(in(now, Gauge::connections_writing), 1u);
  EXPECT_GT(in(now, Gauge::send_queue_bytes), 4000u);
  EXPECT_EQ(in(now, Gauge::connections_lingering), 1u);
  EXPECT_EQ(in(now, Gauge::connections_closing), 0u);
  EXPECT_EQ(in(now, Gauge::leases_out), 0u);
  EXPECT_EQ(in(now, Gauge::operations_in_flight), served.engine.operations_in_flight());
  for (const uring::Peer peer : {idle, reading, running, writing, lingering}) {
    served.engine.hang_up(peer);
  }
  served.run();
}

// The gauges are kept as connections change, and nobody is looked at to tell them.
struct Told {
  explicit Told(Server& server) : now(server.gauges()) {}
  std::uint64_t of(Gauge gauge) { return in(now, gauge); }
  Gauges now;
};

TEST(Server, OBS_006_gauges_follow_each_connection_there_and_back) {
  Served served;
  const uring::Peer peer = served.connect();
  const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const auto is_idle = [&served] {
    Told told(served.server);
    return told.of(Gauge::connections_idle) == 1 && told.of(Gauge::connections_reading) == 0 &&
           told.of(Gauge::connections_writing) == 0 && told.of(Gauge::exchanges_running) == 0 &&
           told.of(Gauge::exchanges_queued) == 0 && told.of(Gauge::send_queue_bytes) == 0;
  };
  EXPECT_TRUE(is_idle());
  served.send(peer, get);
  EXPECT_TRUE(is_idle());
  // A message in pieces.
  for (const char octet : "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab") {
    if (octet != '\0') served.send(peer, {&octet, 1});
  }
  EXPECT_EQ(Told(served.server).of(Gauge::exchanges_running), 1u);
  served.send(peer, "c");
  EXPECT_TRUE(is_idle());
  served.send(peer, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n");
  EXPECT_EQ(Told(served.server).of(Gauge::connections_reading), 1u);
  served.send(peer, "abc\r\n0\r\n\r\n");
  EXPECT_TRUE(is_idle());
  // A handler that suspends, with requests behind it.
  served.send(peer, "GET /later/a HTTP/1.1\r\nHost: a\r\n\r\n" + get);
  EXPECT_EQ(Told(served.server).of(Gauge::exchanges_running), 1u);
  EXPECT_EQ(Told(served.server).of(Gauge::exchanges_queued), 1u);
  answer_later(served.seen.suspended.at(0), "done");
  served.run();
  EXPECT_TRUE(is_idle());
  // A peer that does not read, and then does.
  served.engine.set_window(peer, 0);
  served.send(peer, "GET /big/400000 HTTP/1.1\r\nHost: a\r\n\r\n" + get + get);
  EXPECT_EQ(Told(served.server).of(Gauge::connections_writing), 1u);
  EXPECT_GE(Told(served.server).of(Gauge::send_queue_bytes), 400'000u);
  served.engine.set_window(peer, 10'000'000);
  served.run();
  EXPECT_TRUE(is_idle());
  // A WebSocket, and its end.
  const uring::Peer socket = served.connect();
  served.send(socket, websocket::handshake("/socket/echo"));
  EXPECT_EQ(Told(served.server).of(Gauge::exchanges_running), 1u);
  served.engine.hang_up(socket);
  served.run();
  EXPECT_TRUE(is_idle());
  served.engine.hang_up(peer);
  served.run();
  EXPECT_EQ(Told(served.server).of(Gauge::connections_idle), 0u);
}

TEST(Server, PRC_016_what_is_left_at_the_deadline_of_a_stop_is_cut) {
  ServerConfig config;
  config.drain_idle_ms = 1'000'000;
  Served served(config);
  const uring::Peer peer = served.connect();
  served.server.stop();
  served.run();
  served.pass_ms(24'000);
  EXPECT_FALSE(served.engine.closed(peer));
  served.pass_ms(1'100);
  EXPECT_TRUE(served.engine.closed(peer));
  EXPECT_EQ(served.count(Reason::cut_drain_deadline), 1u);
}

TEST(Server, LIM_030_connections_beyond_the_bound_wait_in_the_backlog) {
  ServerConfig config;
  config.connections_max = 2;
  Served served(config);
  const uring::Peer first = served.connect();
  const uring::Peer second = served.connect();
  const uring::Peer third = served.connect();
  EXPECT_EQ(served.server.connections_live(), 2u);
  EXPECT_EQ(served.send(third, hello_request), "");
  served.engine.hang_up(first);
  served.run();
  served.run();
  EXPECT_EQ(responses_in(served.engine.take_sent(third)).size(), 1u);
  served.engine.hang_up(second);
  served.engine.hang_up(third);
  served.run();
}

TEST(Server, LIM_030_PRC_042_a_burst_beyond_the_bound_waits_and_is_served) {
  ServerConfig config;
  config.connections_max = 2;
  Served served(config);
  std::vector<uring::Peer> peers;
  for (int count = 0; count < 7; ++count) {
    peers.push_back(served.engine.connect(served.listener));
    served.engine.deliver(peers.back(), hello_request);
  }
  served.run();
  for (const uring::Peer peer : peers) {
    EXPECT_FALSE(served.engine.server_reset(peer));
    EXPECT_EQ(responses_in(served.engine.take_sent(peer)).size(), 1u);
    served.engine.hang_up(peer);
    served.run();
  }
}

TEST(Server, PRC_042_the_longest_idle_gives_way_to_who_waits) {
  ServerConfig config;
  config.connections_max = 2;
  Served served(config);
  const uring::Peer oldest = served.connect();
  served.send(oldest, hello_request);
  served.pass_ms(600);
  const uring::Peer other = served.connect();
  served.send(other, hello_request);
  const uring::Peer waiting = served.connect();
  EXPECT_EQ(served.send(waiting, hello_request), "");
  served.pass_ms(300);
  EXPECT_EQ(served.engine.take_sent(waiting), "");  // nobody has been idle for a second
  served.pass_ms(200);
  EXPECT_EQ(responses_in(served.engine.take_sent(waiting)).size(), 1u);
  EXPECT_TRUE(served.engine.closed(oldest));
  EXPECT_FALSE(served.engine.server_reset(oldest));
  EXPECT_FALSE(served.engine.closed(other));
  EXPECT_EQ(served.count(Reason::closed_idle_for_room), 1u);
}

TEST(Server, PRC_016_who_waits_for_room_is_cut_at_the_deadline_of_a_stop) {
  ServerConfig config;
  config.connections_max = 1;
  config.drain_idle_ms = 1'000'000;
  Served served(config);
  served.connect();
  const uring::Peer waiting = served.connect();
  served.server.stop();
  served.run();
  EXPECT_FALSE(served.server.finished());
  served.pass_ms(30'100);
  EXPECT_TRUE(served.engine.server_reset(waiting));
  EXPECT_TRUE(served.server.finished());
}

// A number of octets comes back once in each response, whatever the order of turns.
TEST(Server, H1_080_pipelined_requests_are_answered_in_order) {
  Served served;
  std::string input;
  for (int i = 0; i < 100; ++i) {
    const std::string body = "body " + std::to_string(i);
    input += "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
             "\r\n\r\n" + body;
  }
  const auto responses = responses_in(served.answer(input));
  ASSERT_EQ(responses.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(body_of(responses[i]), "body " + std::to_string(i));
}

}  // namespace
}  // namespace pelton::http
