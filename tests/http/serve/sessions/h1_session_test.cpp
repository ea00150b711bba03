// The waiting half of http/serve/connection: what time ends.
#include "../served.hpp"

namespace pelton::http {
namespace {

const std::string hello_request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(H1Session, CON_001_a_silent_connection_is_closed_without_an_octet) {
  Served served;
  const uring::Peer peer = served.connect();
  served.pass_ms(9'900);
  EXPECT_FALSE(served.engine.closed(peer));
  served.pass_ms(1'100);
  EXPECT_TRUE(served.engine.closed(peer));
  EXPECT_EQ(served.engine.take_sent(peer), "");
  EXPECT_EQ(served.count(Reason::closed_no_request), 1u);
}

TEST(H1Session, CON_001_a_slow_head_is_refused_with_408) {
  Served served;
  const uring::Peer peer = served.connect();
  std::string received;
  for (int second = 0; second < 9; ++second) {
    received += served.send(peer, second == 0 ? "GET / HTTP/1.1\r\nA:" : "b");
    served.pass_ms(1000);
  }
  EXPECT_EQ(received, "");
  served.pass_ms(2000);
  EXPECT_EQ(status_of(served.engine.take_sent(peer)), 408);
  EXPECT_EQ(served.count(Reason::refused_header_timeout), 1u);
}

TEST(H1Session, CON_001_the_head_timer_of_a_later_request_starts_with_its_first_octet) {
  Served served;
  const uring::Peer peer = served.connect();
  EXPECT_EQ(status_of(served.send(peer, hello_request)), 200);
  served.pass_ms(60'000);
  EXPECT_EQ(served.send(peer, "\r\n"), "");
  served.pass_ms(9'000);
  EXPECT_EQ(served.send(peer, "GET"), "");
  served.pass_ms(9'000);
  EXPECT_EQ(served.engine.take_sent(peer), "");
  served.pass_ms(1'100);
  EXPECT_EQ(status_of(served.engine.take_sent(peer)), 408);
}

TEST(H1Session, CON_002_CON_010_a_slow_body_is_refused_and_a_steady_one_is_not) {
  Served served;
  const uring::Peer slow = served.connect();
  const uring::Peer steady = served.connect();
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n";
  served.send(slow, head);
  served.send(steady, head);
  std::string answer_to_slow;
  for (int second = 0; second < 10; ++second) {
    answer_to_slow += served.send(slow, "x");
    served.send(steady, std::string(300, 'x'));
    served.pass_ms(1000);
  }
  EXPECT_EQ(status_of(answer_to_slow), 408);
  EXPECT_EQ(served.count(Reason::refused_body_too_slow), 1u);
  EXPECT_EQ(served.engine.take_sent(steady), "");
  EXPECT_EQ(status_of(served.send(steady, std::string(7000, 'x'))), 200);
}

TEST(H1Session, CON_003_an_idle_connection_is_closed_with_a_fin_and_no_octet) {
  Served served;
  const uring::Peer peer = served.connect();
  EXPECT_EQ(status_of(served.send(peer, hello_request)), 200);
  served.pass_ms(74'000);
  EXPECT_FALSE(served.engine.closed(peer));
  EXPECT_EQ(status_of(served.send(peer, hello_request)), 200);
  served.pass_ms(74'000);
  EXPECT_FALSE(served.engine.closed(peer));
  served.pass_ms(2'000);
  EXPECT_TRUE(served.engine.closed(peer));
  EXPECT_FALSE(served.engine.server_reset(peer));
  EXPECT_EQ(served.count(Reason::closed_keep_alive), 1u);
}

// Found by the fuzzer: what may become the one empty line ahead of a request was taken for a
// request.
TEST(H1Session, CON_003_H1_003_an_empty_line_keeps_no_connection_open) {
  for (const std::string line : {"\r", "\r\n"}) {
    Served served;
    const uring::Peer with_request = served.connect();
    EXPECT_EQ(status_of(served.send(with_request, hello_request + line)), 200);
    const uring::Peer later = served.connect();
    EXPECT_EQ(status_of(served.send(later, hello_request)), 200);
    served.send(later, line);
    served.pass_ms(76'000);
    EXPECT_TRUE(served.engine.closed(with_request));
    EXPECT_TRUE(served.engine.closed(later));
    EXPECT_EQ(served.count(Reason::closed_keep_alive), 2u);
  }
}

TEST(H1Session, CON_003_the_idle_timer_does_not_run_while_an_answer_is_queued) {
  ServerConfig config;
  config.rate_grace_ms = config.rate_credit_ms_max = 1'000'000;
  Served served(config);
  const uring::Peer peer = served.connect();
  served.engine.set_window(peer, 100);
  served.engine.deliver(peer, hello_request);
  served.loop.turn({});
  served.loop.turn({});
  served.engine.deliver(peer, "GET /big/50000 HTTP/1.1\r\nHost: a\r\n\r\n");
  served.run();
  std::string received;
  for (int second = 0; second < 100; ++second) {
    received += served.engine.take_sent(peer);
    served.pass_ms(1000);
  }
  EXPECT_FALSE(served.engine.closed(peer));
  served.engine.set_window(peer, 1'000'000);
  received += served.engine.take_sent(peer);
  served.run();
  received += served.engine.take_sent(peer);
  EXPECT_EQ(responses_in(received).size(), 2u);
}

TEST(H1Session, CON_004_CON_032_a_peer_that_reads_nothing_is_cut_with_a_reset) {
  Served served;
  const uring::Peer peer = served.connect();
  served.engine.set_window(peer, 1000);
  served.send(peer, "GET /big/100000 HTTP/1.1\r\nHost: a\r\n\r\n");
  served.pass_ms(3000);
  EXPECT_FALSE(served.engine.closed(peer));
  served.pass_ms(8000);
  served.pass_ms(8000);
  EXPECT_TRUE(served.engine.closed(peer));
  EXPECT_TRUE(served.engine.server_reset(peer));
  EXPECT_EQ(served.count(Reason::cut_send_too_slow), 1u);
}

}  // namespace
}  // namespace pelton::http
