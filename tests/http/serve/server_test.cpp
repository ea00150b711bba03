#include "http/serve/server.hpp"

#include "served.hpp"

namespace noria::http {
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

TEST(Server, PRC_016_what_is_left_at_the_deadline_of_a_stop_is_cut) {
  ServerConfig config;
  config.drain_idle_ms = 1'000'000;
  Served served(config);
  const uring::Peer peer = served.connect();
  served.server.stop();
  served.run();
  served.pass_ms(29'000);
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
}  // namespace noria::http
