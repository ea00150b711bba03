#include "http/serve/connection.hpp"

#include "served.hpp"

namespace pelton::http {
namespace {

constexpr const char* hello_request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(Connection, CON_030_after_the_last_response_we_wait_for_the_peers_fin) {
  Served served;
  const uring::Peer peer = served.connect();
  EXPECT_EQ(status_of(served.send(peer, "GET /close HTTP/1.1\r\nHost: a\r\n\r\nmore")), 200);
  EXPECT_TRUE(served.engine.server_shutdown(peer));
  EXPECT_FALSE(served.engine.closed(peer));
  served.send(peer, "discarded");
  served.engine.finish(peer);
  served.run();
  EXPECT_TRUE(served.engine.closed(peer));
  EXPECT_EQ(served.seen.calls, 0u);
}

TEST(Connection, CON_007_lingering_ends_by_idleness_and_by_its_deadline) {
  Served served;
  const uring::Peer idle = served.connect();
  const uring::Peer busy = served.connect();
  served.send(idle, "GET /close HTTP/1.1\r\nHost: a\r\n\r\n");
  served.send(busy, "GET /close HTTP/1.1\r\nHost: a\r\n\r\n");
  served.pass_ms(600);
  served.send(busy, "x");
  served.pass_ms(600);
  EXPECT_TRUE(served.engine.closed(idle));
  EXPECT_FALSE(served.engine.closed(busy));
  for (int i = 0; i < 8; ++i) {
    served.send(busy, "x");
    served.pass_ms(600);
  }
  EXPECT_TRUE(served.engine.closed(busy));
  EXPECT_EQ(served.count(Reason::closed_linger_timeout), 2u);
}

// Of ten connections nine are ninety percent.
TEST(Connection, CON_031_none_lingers_while_there_is_little_room) {
  for (const std::size_t others : {7u, 8u, 9u}) {
    ServerConfig config;
    config.connections_max = 10;
    Served served(config);
    for (std::size_t count = 0; count < others; ++count) served.connect();
    const uring::Peer peer = served.connect();
    EXPECT_EQ(status_of(served.send(peer, "GET /close HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
    const bool skips = others + 1 >= 9;
    EXPECT_EQ(served.server.connections_live(), others + (skips ? 0 : 1));
    EXPECT_EQ(served.count(Reason::closed_linger_skipped), skips ? 1u : 0u);
  }
}

TEST(Connection, CON_031_only_so_many_linger) {
  ServerConfig config;
  config.linger_connections_max = 1;
  Served served(config);
  const uring::Peer first = served.connect();
  const uring::Peer second = served.connect();
  served.send(first, "GET /close HTTP/1.1\r\nHost: a\r\n\r\n");
  served.send(second, "GET /close HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_FALSE(served.engine.closed(first));
  EXPECT_TRUE(served.engine.closed(second));
  EXPECT_EQ(served.count(Reason::closed_linger_skipped), 1u);
}

TEST(Connection, CON_040_a_fin_without_a_request_just_closes) {
  Served served;
  const uring::Peer peer = served.connect();
  served.engine.finish(peer);
  served.run();
  EXPECT_TRUE(served.engine.closed(peer));
  EXPECT_EQ(served.engine.take_sent(peer), "");
  EXPECT_EQ(served.count(Reason::closed_by_peer), 1u);
}

TEST(Connection, CON_042_requests_before_a_half_close_are_answered_in_full) {
  Served served;
  const uring::Peer peer = served.connect();
  served.engine.deliver(peer, std::string(hello_request) + hello_request);
  served.engine.finish(peer);
  served.run();
  EXPECT_EQ(responses_in(served.engine.take_sent(peer)).size(), 2u);
  EXPECT_TRUE(served.engine.closed(peer));
}

TEST(Connection, CON_044_a_reset_ends_the_connection_and_what_was_queued) {
  Served served;
  const uring::Peer peer = served.connect();
  served.engine.set_window(peer, 10);
  served.send(peer, "GET /big/100000 HTTP/1.1\r\nHost: a\r\n\r\n");
  served.engine.reset(peer);
  served.run();
  EXPECT_EQ(served.count(Reason::lost_reset), 1u);
  EXPECT_EQ(served.server.connections_live(), 0u);
}

TEST(Connection, CON_045_a_reset_is_noticed_while_reading_is_paused) {
  ServerConfig config;
  config.send_queue_bytes_high = 10'000;
  config.send_queue_bytes_low = 1'000;
  Served served(config);
  const uring::Peer peer = served.connect();
  served.engine.set_window(peer, 0);
  const std::string big = "GET /big/20000 HTTP/1.1\r\nHost: a\r\n\r\n";
  served.send(peer, big + big);
  EXPECT_EQ(served.seen.calls, 1u);
  served.engine.reset(peer);
  served.run();
  EXPECT_EQ(served.count(Reason::lost_reset), 1u);
  EXPECT_EQ(served.server.connections_live(), 0u);
  EXPECT_EQ(served.seen.calls, 1u);  // CON-044: what waited behind it does not run
}

TEST(Connection, H1_081_RSP_025_the_answers_of_a_turn_leave_in_one_send) {
  Served served;
  const uring::Peer peer = served.connect();
  const std::size_t idle = served.engine.operations_in_flight();
  std::string input;
  for (int i = 0; i < 20; ++i) input += hello_request;
  served.engine.set_window(peer, 0);
  served.engine.deliver(peer, input);
  while (served.loop.turn({}) != 0) {
  }
  EXPECT_EQ(served.engine.operations_in_flight(), idle + 1);
  // More answers wait behind the send in flight.
  served.send(peer, hello_request);
  EXPECT_EQ(served.engine.operations_in_flight(), idle + 1);
  served.engine.set_window(peer, 1'000'000);
  served.run();
  EXPECT_EQ(responses_in(served.engine.take_sent(peer)).size(), 21u);
  EXPECT_EQ(served.count(Reason::engine_short_send), 0u);
}

TEST(Connection, ENG_027_short_sends_go_on_in_order) {
  Served served;
  const uring::Peer peer = served.connect();
  served.engine.set_window(peer, 777);
  std::string received =
      served.send(peer, "GET /big/50000 HTTP/1.1\r\nHost: a\r\n\r\n" + std::string(hello_request));
  for (int i = 0; i < 200; ++i) {
    received += served.engine.take_sent(peer);
    served.engine.set_window(peer, 777);
    served.run();
  }
  const auto responses = responses_in(received);
  ASSERT_EQ(responses.size(), 2u);
  EXPECT_EQ(body_of(responses[0]), std::string(50000, 'x'));
  EXPECT_EQ(body_of(responses[1]), "hello");
  EXPECT_GT(served.count(Reason::engine_short_send), 10u);
}

TEST(Connection, LIM_034_reading_pauses_while_the_peer_does_not_take_its_answers) {
  ServerConfig config;
  config.send_queue_bytes_high = 10'000;
  config.send_queue_bytes_low = 1'000;
  Served served(config);
  const uring::Peer peer = served.connect();
  served.engine.set_window(peer, 0);
  std::string input;
  for (int i = 0; i < 50; ++i) input += "GET /big/2000 HTTP/1.1\r\nHost: a\r\n\r\n";
  served.send(peer, input);
  EXPECT_LT(served.seen.calls, 10u);
  std::string received;
  for (int i = 0; i < 100; ++i) {
    served.engine.set_window(peer, 5'000);
    served.run();
    received += served.engine.take_sent(peer);
  }
  EXPECT_EQ(served.seen.calls, 50u);
  EXPECT_EQ(responses_in(received).size(), 50u);
}

}  // namespace
}  // namespace pelton::http
