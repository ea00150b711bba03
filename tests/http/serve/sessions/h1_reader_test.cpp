// The reading half of http/serve/connection: where messages end, however their octets arrive.
#include <map>
#include <random>

#include "../served.hpp"

namespace pelton::http {
namespace {

const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\n";
const std::string follower = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

std::vector<std::string> bodies_of(const std::vector<std::string>& responses) {
  std::vector<std::string> bodies;
  for (const std::string& response : responses) bodies.push_back(body_of(response));
  return bodies;
}

const std::map<std::string, std::vector<std::string>> framed_inputs = {
    {head + "Content-Length: 11\r\n\r\nhello world" + follower, {"hello world", "hello"}},
    {head + "Content-Length: 0\r\n\r\n" + follower, {"", "hello"}},
    {head + "\r\n" + follower, {"", "hello"}},
    {head +
         "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n \r\n5\r\nworld\r\n0\r\n\r\n" +
         follower,
     {"hello world", "hello"}},
    {head + "Transfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: 1\r\n\r\n" + follower,
     {"", "hello"}},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nGET" + follower, {"hello", "hello"}},
    {"\r\n" + follower + "\r\n" + follower, {"hello", "hello"}},
};

// SEG-001 and SEG-002: verdicts and responses depend on the octets alone.
TEST(H1Reading, SEG_001_SEG_002_every_split_gives_the_same_responses) {
  for (const auto& [input, bodies] : framed_inputs) {
    Served whole;
    const auto expected = responses_in(whole.answer(input));
    ASSERT_EQ(bodies_of(expected), bodies) << input;
    for (std::size_t at = 1; at < input.size(); ++at) {
      Served served;
      const uring::Peer peer = served.connect();
      std::string received = served.send(peer, input.substr(0, at));
      received += served.send(peer, input.substr(at));
      ASSERT_EQ(responses_in(received), expected) << input << " split at " << at;
    }
    Served bytewise;
    const uring::Peer peer = bytewise.connect();
    std::string received;
    for (const char octet : input) received += bytewise.send(peer, {&octet, 1});
    ASSERT_EQ(responses_in(received), expected) << input;
  }
}

TEST(H1Reading, SEG_002_random_pieces_of_many_requests) {
  const unsigned seed = 1121;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  std::string input;
  std::vector<std::string> bodies;
  for (int i = 0; i < 200; ++i) {
    auto entry = framed_inputs.begin();
    std::advance(entry, random() % framed_inputs.size());
    input += entry->first;
    bodies.insert(bodies.end(), entry->second.begin(), entry->second.end());
  }
  for (int round = 0; round < 20; ++round) {
    std::vector<std::size_t> pieces;
    for (std::size_t at = 0; at < input.size();) {
      pieces.push_back(1 + random() % (1 << (random() % 13)));
      at += pieces.back();
    }
    Served served;
    const uring::Peer peer = served.connect();
    ASSERT_EQ(bodies_of(responses_in(served.send_in_pieces(peer, input, pieces))), bodies);
  }
}

TEST(H1Reading, H1_082_nothing_runs_after_a_refused_request) {
  Served served;
  const auto responses =
      responses_in(served.answer(follower + "GET / HTTP/1.1\nHost: a\r\n\r\n" + follower));
  ASSERT_EQ(responses.size(), 2u);
  EXPECT_EQ(status_of(responses[0]), 200);
  EXPECT_EQ(status_of(responses[1]), 400);
  EXPECT_NE(responses[1].find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(served.seen.calls, 1u);
  EXPECT_EQ(served.count(Reason::refused_line_bare_lf), 1u);
}

TEST(H1Reading, LIM_010_H1_057_a_declared_body_above_the_limit_is_refused_unread) {
  const std::map<std::size_t, int> expected = {{7, 200}, {8, 200}, {9, 413}};
  for (const auto& [bytes, status] : expected) {
    Served served;
    const auto responses =
        responses_in(served.answer("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                                   std::to_string(bytes) + "\r\n\r\n" + std::string(bytes, 'x')));
    ASSERT_EQ(responses.size(), 1u);
    EXPECT_EQ(status_of(responses[0]), status) << bytes;
    EXPECT_EQ(served.seen.calls, status == 200 ? 1u : 0u);
  }
}

TEST(H1Reading, LIM_010_a_chunked_body_is_refused_at_the_octet_that_exceeds) {
  const std::string chunked =
      "POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  Served served;
  EXPECT_EQ(status_of(served.answer(chunked + "8\r\n12345678\r\n0\r\n\r\n")), 200);
  EXPECT_EQ(status_of(served.answer(chunked + "8\r\n12345678\r\n1\r\n9")), 413);
  EXPECT_EQ(served.count(Reason::refused_body_too_large), 1u);
  EXPECT_EQ(served.seen.bodies, std::vector<std::string>{"12345678"});
}

TEST(H1Reading, H1_069_a_truncated_body_never_reaches_a_handler) {
  for (const std::string& input : {head + "Content-Length: 5\r\n\r\nhell",
                                   head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
    Served served;
    EXPECT_EQ(status_of(served.answer(input)), 400);
    EXPECT_EQ(served.count(Reason::refused_body_truncated), 1u);
    EXPECT_EQ(served.seen.calls, 0u);
  }
}

TEST(H1Reading, CON_041_a_truncated_head_is_refused) {
  Served served;
  EXPECT_EQ(status_of(served.answer("GET / HTT")), 400);
  EXPECT_EQ(served.count(Reason::refused_head_truncated), 1u);
}

TEST(H1Reading, H1_071_100_is_sent_once_and_only_when_the_body_is_wanted) {
  Served served;
  const uring::Peer peer = served.connect();
  const std::string expecting = head + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  EXPECT_EQ(served.send(peer, expecting), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(body_of(served.send(peer, "ab")), "ab");
  EXPECT_EQ(body_of(served.send(peer, expecting + "cd")), "cd");
  const uring::Peer refused = served.connect();
  EXPECT_EQ(status_of(served.send(refused,
                                  "POST /small HTTP/1.1\r\nHost: a\r\nExpect: "
                                  "100-continue\r\nContent-Length: 20\r\n\r\n")),
            413);
}

TEST(H1Reading, H1_058_CON_021_an_unread_body_is_drained_or_ends_the_connection) {
  Served served;
  const uring::Peer small = served.connect();
  const std::string lost = "POST /nowhere HTTP/1.1\r\nHost: a\r\n";
  const std::string early = served.send(small, lost + "Content-Length: 10\r\n\r\n12345");
  EXPECT_EQ(status_of(early), 404);
  EXPECT_EQ(early.find("Connection: close"), std::string::npos);
  EXPECT_EQ(body_of(served.send(small, "67890" + follower)), "hello");

  const uring::Peer chunked = served.connect();
  EXPECT_EQ(status_of(served.send(chunked, lost + "Transfer-Encoding: chunked\r\n\r\n3\r\nab")),
            404);
  EXPECT_EQ(body_of(served.send(chunked, "c\r\n0\r\n\r\n" + follower)), "hello");

  const uring::Peer large = served.connect();
  const std::string answer = served.send(large, lost + "Content-Length: 70000\r\n\r\n");
  EXPECT_EQ(status_of(answer), 404);
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
}

TEST(H1Reading, H1_072_a_final_answer_before_the_100_ends_the_connection) {
  Served served;
  const uring::Peer peer = served.connect();
  const std::string answer = served.send(
      peer,
      "POST /nowhere HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(status_of(answer), 404);
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  EXPECT_EQ(served.send(peer, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "");
  EXPECT_EQ(served.count(Reason::closed_expect_unanswered), 1u);
}

TEST(H1Reading, H1_072_a_body_that_has_arrived_whole_keeps_the_connection) {
  const std::string lost = "POST /nowhere HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n";
  const std::string chunked = lost + "Transfer-Encoding: chunked\r\n\r\n";
  for (const std::string& input :
       {lost + "Content-Length: 5\r\n\r\nhello", chunked + "5\r\nhello\r\n0\r\n\r\n"}) {
    Served served;
    const auto responses = responses_in(served.answer(input + follower));
    ASSERT_EQ(responses.size(), 2u) << input;
    EXPECT_EQ(status_of(responses[0]), 404);
    EXPECT_EQ(body_of(responses[1]), "hello");
  }
  for (const std::string& input : {chunked + "5\r\nhel", chunked + "x", chunked}) {
    Served served;
    const auto responses = responses_in(served.answer(input));
    ASSERT_EQ(responses.size(), 1u) << input;
    EXPECT_NE(responses[0].find("Connection: close"), std::string::npos);
    EXPECT_EQ(served.count(Reason::closed_expect_unanswered), 1u);
  }
}

TEST(H1Reading, CON_022_what_is_drained_is_never_read_as_a_request) {
  const std::string lost = "POST /nowhere HTTP/1.1\r\nHost: a\r\n";
  const std::string length = "Content-Length: " + std::to_string(follower.size()) + "\r\n\r\n";
  for (std::size_t at = 0; at <= follower.size(); ++at) {
    Served served;
    const uring::Peer peer = served.connect();
    // The answer is there before the rest of the body is.
    EXPECT_EQ(status_of(served.send(peer, lost + length + follower.substr(0, at))), 404);
    EXPECT_EQ(served.send(peer, follower.substr(at)), "");
    EXPECT_EQ(served.seen.calls, 0u);
    EXPECT_EQ(body_of(served.send(peer, follower)), "hello");
  }
}

// CON-021: keep or close is the same however the unread body is cut.
TEST(H1Reading, SEG_001_CON_021_LIM_012_the_drain_is_measured_from_the_bodys_first_octet) {
  ServerConfig config;
  const std::size_t n = config.drain_body_bytes_max = 60;
  const std::string lost = "POST /nowhere HTTP/1.1\r\nHost: a\r\n";
  for (const std::size_t bytes : {n - 1, n, n + 1}) {
    const std::string length = lost + "Content-Length: " + std::to_string(bytes) + "\r\n\r\n" +
                               std::string(bytes, 'x') + follower;
    // Framing and trailers count for the drain.
    const std::string chunked = lost + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: " +
                                std::string(bytes - 16, 'x') + "\r\n\r\n" + follower;
    for (const std::string& input : {length, chunked}) {
      Served whole(config);
      const auto expected = responses_in(whole.answer(input));
      // What is left of a chunked body is not known, so time alone bounds its drain.
      EXPECT_EQ(expected.size(), bytes <= n || input == chunked ? 2u : 1u) << input;
      for (std::size_t at = 1; at < input.size(); ++at) {
        Served served(config);
        const uring::Peer peer = served.connect();
        std::string received = served.send(peer, input.substr(0, at));
        received += served.send(peer, input.substr(at));
        ASSERT_EQ(responses_in(received), expected) << input << " split at " << at;
      }
      Served bytewise(config);
      const std::vector<std::size_t> octet_by_octet(input.size(), 1);
      EXPECT_EQ(responses_in(bytewise.send_in_pieces(bytewise.connect(), input, octet_by_octet)),
                expected);
    }
  }
}

// A proxy that has sent the body asks again over the connection that was kept.
TEST(H1Reading, CON_021_CON_022_a_chunked_body_is_drained_however_long_it_is) {
  const std::string lost =
      "POST /nowhere HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string chunk = "1000\r\n" + std::string(0x1000, 'x') + "\r\n";
  Served served;
  const uring::Peer peer = served.connect();
  const std::string answer = served.send(peer, lost + chunk);
  EXPECT_EQ(status_of(answer), 404);
  EXPECT_EQ(answer.find("Connection: close"), std::string::npos);
  for (int count = 0; count < 100; ++count) EXPECT_EQ(served.send(peer, chunk), "");
  EXPECT_EQ(body_of(served.send(peer, "0\r\n\r\n" + follower)), "hello");
  EXPECT_EQ(served.seen.calls, 1u);
  // But not for longer than the drain may take.
  served.send(peer, lost + chunk);
  for (int count = 0; count < 20; ++count) {
    EXPECT_FALSE(served.engine.server_shutdown(peer));
    served.send(peer, chunk);
    served.pass_ms(50);
  }
  served.pass_ms(100);
  EXPECT_TRUE(served.engine.server_shutdown(peer));
  EXPECT_EQ(served.count(Reason::closed_body_not_drained), 1u);
}

// LIM-210: one verdict at n - 1, n and n + 1 of a body's limit, declared or found out.
TEST(H1Reading, LIM_010_SEG_003_H1_057_a_bodys_limit_is_met_at_every_cut) {
  const std::size_t n = 8;  // of POST /small
  const std::string small = "POST /small HTTP/1.1\r\nHost: a\r\n";
  for (const std::size_t bytes : {n - 1, n, n + 1}) {
    const std::string body(bytes, 'x');
    std::string ones;
    for (std::size_t index = 0; index < bytes; ++index) ones += "1\r\nx\r\n";
    const std::string chunked = small + "Transfer-Encoding: chunked\r\n\r\n";
    for (const std::string& input :
         {small + "Content-Length: " + std::to_string(bytes) + "\r\n\r\n" + body,
          chunked + std::to_string(bytes) + "\r\n" + body + "\r\n0\r\n\r\n",
          chunked + ones + "0\r\n\r\n"}) {
      for (std::size_t at = 1; at < input.size(); ++at) {
        Served served;
        const uring::Peer peer = served.connect();
        std::string received = served.send(peer, input.substr(0, at));
        received += served.send(peer, input.substr(at) + follower);
        const auto responses = responses_in(received);
        ASSERT_EQ(responses.size(), bytes <= n ? 2u : 1u) << input << " split at " << at;
        ASSERT_EQ(status_of(responses[0]), bytes <= n ? 200 : 413);
        ASSERT_EQ(served.count(Reason::refused_body_too_large), bytes <= n ? 0u : 1u);
      }
    }
  }
}

TEST(H1Reading, CON_006_a_body_that_is_never_drained_ends_the_connection) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
  served.pass_ms(1'100);
  EXPECT_TRUE(served.engine.server_shutdown(peer));
  EXPECT_EQ(served.count(Reason::closed_body_not_drained), 1u);
}

TEST(H1Reading, CON_006_CON_004_a_body_without_an_end_is_not_waited_for_behind_a_slow_send) {
  Served served;
  const uring::Peer peer = served.connect();
  served.engine.set_window(peer, 0);
  const std::string lost =
      "POST /nowhere HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  served.send(peer, lost + "zz\r\n");
  EXPECT_EQ(served.count(Reason::closed_body_not_drained), 1u);
  served.pass_ms(1'100);
  EXPECT_EQ(served.count(Reason::closed_body_not_drained), 1u);
  EXPECT_EQ(served.server.connections_live(), 1u);
  served.pass_ms(4'000);
  EXPECT_EQ(served.count(Reason::cut_send_too_slow), 1u);
  EXPECT_EQ(served.server.connections_live(), 0u);
}

TEST(H1Reading, CON_006_CON_004_a_drained_body_is_not_waited_for_behind_a_slow_send) {
  Served served;
  const uring::Peer peer = served.connect();
  served.engine.set_window(peer, 0);
  served.send(peer, "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
  served.send(peer, "67890");
  served.pass_ms(1'100);
  EXPECT_EQ(served.count(Reason::closed_body_not_drained), 0u);
  EXPECT_EQ(served.server.connections_live(), 1u);
}

// What is owed of a body is counted even where its answer has filled the queue, or what follows
// would be read from its middle.
TEST(H1Reading, CON_022_H1_056_a_body_is_discarded_behind_a_full_queue) {
  ServerConfig config;
  config.send_queue_bytes_high = 1'000;
  config.send_queue_bytes_low = 100;
  const std::string lost = "POST /nowhere HTTP/1.1\r\nHost: a\r\n";
  const std::string hidden(5'000, 'x');
  for (const std::string& request :
       {lost + "Content-Length: 5000\r\n\r\n" + hidden,
        lost + "Transfer-Encoding: chunked\r\n\r\n1388\r\n" + hidden + "\r\n0\r\n\r\n"}) {
    const std::string input =
        "GET /big/2000 HTTP/1.1\r\nHost: a\r\n\r\n" + request + follower + request + follower;
    for (const std::size_t first : {40u, 150u, 1'000u}) {
      for (const std::size_t piece : {100u, 512u, 4'096u}) {
        std::vector<std::size_t> pieces{first};
        for (std::size_t at = first; at < input.size(); at += piece) pieces.push_back(piece);
        Served served(config);
        const uring::Peer peer = served.connect();
        served.engine.set_window(peer, 0);
        std::string received = served.send_in_pieces(peer, input, pieces);
        served.engine.set_window(peer, 100'000);
        served.run();
        received += served.engine.take_sent(peer);
        std::vector<int> statuses;
        for (const std::string& response : responses_in(received)) {
          statuses.push_back(status_of(response));
        }
        ASSERT_EQ(statuses, (std::vector{200, 404, 200, 404, 200})) << first << ' ' << piece;
        ASSERT_EQ(served.seen.calls, 3u);
      }
    }
  }
}

TEST(H1Reading, LIM_034_behind_a_discarded_body_reading_pauses_again) {
  ServerConfig config;
  config.send_queue_bytes_high = 1'000;
  config.send_queue_bytes_low = 100;
  Served served(config);
  const uring::Peer peer = served.connect();
  served.engine.set_window(peer, 0);
  std::string input = "GET /big/2000 HTTP/1.1\r\nHost: a\r\n\r\n";
  for (int i = 0; i < 20; ++i) {
    input += "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n" +
             std::string(5'000, 'x') + follower;
  }
  served.send(peer, input);
  EXPECT_LT(served.seen.calls, 3u);
  served.engine.set_window(peer, 100'000);
  served.run();
  EXPECT_EQ(served.seen.calls, 21u);
}

// The one empty line behind a request that had to wait is no message (H1-003).
TEST(H1Reading, CON_003_H1_003_an_empty_line_that_waited_leaves_the_connection_idle) {
  ServerConfig config;
  config.send_queue_bytes_high = 1'000;
  config.send_queue_bytes_low = 0;
  Served served(config);
  const uring::Peer peer = served.connect();
  served.engine.set_window(peer, 0);
  served.send(peer, "GET /big/2000 HTTP/1.1\r\nHost: a\r\n\r\n\r\n");
  served.engine.set_window(peer, 100'000);
  served.run();
  EXPECT_EQ(status_of(served.engine.take_sent(peer)), 200);
  served.pass_ms(config.keep_alive_timeout_ms + 1'000);
  EXPECT_EQ(served.server.connections_live(), 0u);
}

}  // namespace
}  // namespace pelton::http
