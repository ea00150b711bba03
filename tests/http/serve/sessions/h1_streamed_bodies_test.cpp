// The half of http/serve/connection that hands bodies to their handlers as they come.
#include <array>

#include "../streamed.hpp"

namespace pelton::http {
namespace {

TEST(H1StreamedBodies, SEG_005_a_body_is_taken_as_it_comes_however_it_is_cut) {
  const std::string chunks = "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: v\r\n\r\n";
  const std::array<std::string, 2> inputs{upload(11) + "hello world", chunked_upload + chunks};
  for (const std::string& request : inputs) {
    const std::string input = request + hello_request;
    for (std::size_t cut = 1; cut < input.size(); ++cut) {
      Served served;
      const uring::Peer peer = served.connect();
      std::string body;
      served.send(peer, input.substr(0, cut));
      if (!served.seen.suspended.empty()) body = take_all(exchange_of(served));
      served.send(peer, input.substr(cut));
      body += take_all(exchange_of(served));
      EXPECT_EQ(body, "hello world") << cut;
      EXPECT_TRUE(exchange_of(served).body_ended());
      answer_later(served.seen.suspended[0], "done");
      const auto responses = responses_in(taken_after_run(served, peer));
      ASSERT_EQ(responses.size(), 2u) << cut;
      EXPECT_EQ(body_of(responses[0]), "done");
      EXPECT_EQ(responses[0].find("Connection"), std::string::npos);
      EXPECT_EQ(body_of(responses[1]), "hello");
    }
  }
}

TEST(H1StreamedBodies, H1_055_without_a_body_there_is_nothing_to_wait_for) {
  for (const std::string& request : {stream_request, upload(0)}) {
    Served served;
    const uring::Peer peer = served.connect();
    served.send(peer, request);
    EXPECT_TRUE(exchange_of(served).body_ended());
    EXPECT_EQ(exchange_of(served).take_body(), "");
    served.run();
    EXPECT_EQ(events_of(served), Events{});
    answer_later(served.seen.suspended[0], "empty");
    EXPECT_EQ(body_of(taken_after_run(served, peer)), "empty");
  }
}

TEST(H1StreamedBodies, RSP_024_who_waits_for_the_body_is_told_once_there_is_more) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, upload(6) + "ab");
  EXPECT_EQ(events_of(served), Events{});
  EXPECT_EQ(exchange_of(served).take_body(), "ab");
  served.send(peer, "cd");
  EXPECT_EQ(events_of(served), Events{});  // nobody waited
  EXPECT_EQ(exchange_of(served).take_body(), "cd");
  EXPECT_EQ(exchange_of(served).take_body(), "");
  served.send(peer, "ef");
  EXPECT_EQ(events_of(served), Events{ExchangeEvent::body_arrived});
  EXPECT_EQ(exchange_of(served).take_body(), "ef");
  EXPECT_TRUE(exchange_of(served).body_ended());
  answer_later(served.seen.suspended[0], "done");
}

TEST(H1StreamedBodies, RSP_024_a_handler_that_takes_nothing_holds_back_the_peer) {
  ServerConfig config;
  config.send_queue_bytes_high = 10'000;
  config.send_queue_bytes_low = 1'000;
  config.body_bytes_max = no_limit;
  Served served(config);
  const uring::Peer peer = served.connect();
  const std::size_t bytes = 1'000'000;
  served.send(peer, upload(bytes));
  const std::size_t receiving = served.engine.operations_in_flight();
  std::size_t sent = 0;
  while (served.engine.operations_in_flight() == receiving) {
    served.send(peer, std::string(1'000, 'x'));
    sent += 1'000;
    ASSERT_LE(sent, 12'000u);
  }
  // Time in which nobody reads costs the peer nothing (CON-010).
  served.pass_ms(100'000);
  EXPECT_EQ(events_of(served), Events{});
  std::size_t taken = take_all(exchange_of(served)).size();
  EXPECT_EQ(taken, sent);
  EXPECT_EQ(served.engine.operations_in_flight(), receiving);
  while (sent < bytes) {
    served.send(peer, std::string(8'000, 'x'));
    sent += 8'000;
    taken += take_all(exchange_of(served)).size();
  }
  EXPECT_EQ(taken, bytes);
  EXPECT_TRUE(exchange_of(served).body_ended());
  answer_later(served.seen.suspended[0], "done");
  EXPECT_EQ(status_of(taken_after_run(served, peer)), 200);
}

TEST(H1StreamedBodies, CON_044_CON_045_a_peer_that_is_lost_behind_an_untaken_body_is_noticed) {
  ServerConfig config;
  config.send_queue_bytes_high = 1'000;
  config.send_queue_bytes_low = 100;
  Served served(config);
  const uring::Peer peer = served.connect();
  served.send(peer, upload(50'000) + std::string(4'000, 'x'));
  served.engine.reset(peer);
  served.pass_ms(1000);
  EXPECT_EQ(events_of(served), Events{ExchangeEvent::peer_lost});
  EXPECT_EQ(served.server.connections_live(), 0u);
}

TEST(H1StreamedBodies, CON_002_a_body_that_stops_coming_is_refused) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, upload(100) + "abc");
  served.pass_ms(6'000);
  EXPECT_EQ(events_of(served), Events{ExchangeEvent::body_refused});
  EXPECT_EQ(served.seen.suspended[0].handle.get(), nullptr);
  EXPECT_EQ(status_of(served.engine.take_sent(peer)), 408);
  EXPECT_EQ(served.count(Reason::refused_body_too_slow), 1u);
}

TEST(H1StreamedBodies, H1_057_H1_060_what_breaks_the_body_is_refused_or_cut) {
  struct Case {
    std::string octets;
    Reason refused;
    int status;
    Reason cut;
  };
  const std::array<Case, 2> cases{{
      {"9\r\n123456789\r\n", Reason::refused_body_too_large, 413, Reason::cut_body_too_large},
      {"1\r\na\r\nx\r\n", Reason::refused_chunk_size, 400, Reason::cut_body_truncated},
  }};
  for (const Case& broken : cases) {
    for (const bool begun : {false, true}) {
      ServerConfig config;
      config.body_bytes_max = 8;
      Served served(config);
      const uring::Peer peer = served.connect();
      served.send(peer, chunked_upload);
      if (begun) {
        EXPECT_EQ(exchange_of(served).begin_stream({}), HeadFault::none);
      }
      const std::string received = served.send(peer, broken.octets + hello_request);
      EXPECT_EQ(events_of(served), Events{ExchangeEvent::body_refused});
      EXPECT_EQ(served.count(begun ? broken.cut : broken.refused), 1u);
      EXPECT_EQ(served.engine.server_reset(peer), begun);
      EXPECT_EQ(status_of(received), begun ? 200 : broken.status);
      EXPECT_EQ(served.seen.calls, 1u);
    }
  }
}

TEST(H1StreamedBodies, H1_057_a_declared_length_above_the_limit_starts_no_handler) {
  ServerConfig config;
  const std::uint64_t n = config.body_bytes_max = 8;
  for (const std::uint64_t bytes : {n - 1, n, n + 1}) {
    Served served(config);
    const uring::Peer peer = served.connect();
    const std::string received = served.send(peer, upload(bytes, "Expect: 100-continue\r\n"));
    EXPECT_EQ(served.seen.calls, bytes <= n ? 1u : 0u);
    EXPECT_EQ(received.empty(), bytes <= n);
    if (bytes <= n) answer_later(served.seen.suspended.at(0), "unread");
  }
}

TEST(H1StreamedBodies, H1_069_a_body_cut_short_is_never_taken_for_whole) {
  for (const bool begun : {false, true}) {
    Served served;
    const uring::Peer peer = served.connect();
    served.send(peer, upload(10) + "12345");
    if (begun) {
      EXPECT_EQ(exchange_of(served).begin_stream({}), HeadFault::none);
    }
    EXPECT_EQ(exchange_of(served).take_body(), "12345");
    EXPECT_FALSE(exchange_of(served).body_ended());
    served.engine.finish(peer);
    served.run();
    EXPECT_EQ(events_of(served), Events{ExchangeEvent::body_refused});
    EXPECT_EQ(served.count(begun ? Reason::cut_body_truncated : Reason::refused_body_truncated),
              1u);
    EXPECT_EQ(status_of(served.engine.take_sent(peer)), begun ? 200 : 400);
  }
}

TEST(H1StreamedBodies, H1_071_the_100_waits_until_the_body_is_wanted) {
  Served served;
  const uring::Peer peer = served.connect();
  EXPECT_EQ(served.send(peer, upload(5, "Expect: 100-continue\r\n")), "");
  served.pass_ms(60'000);  // nobody waits for the body, so its rate is none of ours
  EXPECT_EQ(events_of(served), Events{});
  EXPECT_EQ(exchange_of(served).take_body(), "");
  EXPECT_EQ(taken_after_run(served, peer), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(exchange_of(served).take_body(), "");
  EXPECT_EQ(taken_after_run(served, peer), "");  // once
  served.send(peer, "hello");
  EXPECT_EQ(events_of(served), Events{ExchangeEvent::body_arrived});
  EXPECT_EQ(exchange_of(served).take_body(), "hello");
  answer_later(served.seen.suspended[0], "done");
  const std::string received = taken_after_run(served, peer);
  EXPECT_EQ(received.find("Connection"), std::string::npos);
  EXPECT_EQ(status_of(served.send(peer, hello_request)), 200);
}

TEST(H1StreamedBodies, H1_071_no_100_where_the_body_has_begun_to_come) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, upload(5, "Expect: 100-continue\r\n") + "he");
  EXPECT_EQ(exchange_of(served).take_body(), "he");
  EXPECT_EQ(exchange_of(served).take_body(), "");
  EXPECT_EQ(taken_after_run(served, peer), "");
  served.send(peer, "llo");
  EXPECT_EQ(exchange_of(served).take_body(), "llo");
  answer_later(served.seen.suspended[0], "done");
  // It is all here, so the connection goes on (H1-072).
  EXPECT_EQ(taken_after_run(served, peer).find("Connection"), std::string::npos);
}

TEST(H1StreamedBodies, H1_072_an_answer_in_place_of_the_100_ends_the_connection) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, upload(5, "Expect: 100-continue\r\n"));
  answer_later(served.seen.suspended.at(0), "no thanks");
  EXPECT_NE(taken_after_run(served, peer).find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(served.count(Reason::closed_expect_unanswered), 1u);
  EXPECT_TRUE(served.engine.server_shutdown(peer));
}

TEST(H1StreamedBodies, CON_021_CON_022_a_little_that_is_left_unread_is_drained) {
  for (const std::string& request : {upload(1'000), chunked_upload + "3e8\r\n"}) {
    Served served;
    const uring::Peer peer = served.connect();
    served.send(peer, request + std::string(300, 'x'));
    answer_later(served.seen.suspended.at(0), "early");
    const std::string received = taken_after_run(served, peer);
    EXPECT_EQ(body_of(received), "early");
    EXPECT_EQ(received.find("Connection"), std::string::npos);
    const bool chunked = request != upload(1'000);
    const std::string rest = std::string(700, 'x') + (chunked ? "\r\n0\r\n\r\n" : "");
    EXPECT_EQ(body_of(served.send(peer, rest + hello_request)), "hello");
    EXPECT_EQ(served.seen.calls, 2u);
  }
}

TEST(H1StreamedBodies, CON_021_much_that_is_left_unread_ends_the_connection) {
  for (const std::size_t read : {0, 40'000}) {
    Served served;
    const uring::Peer peer = served.connect();
    served.send(peer, upload(100'000) + std::string(read, 'x'));
    answer_later(served.seen.suspended.at(0), "early");
    const std::string received = taken_after_run(served, peer);
    const bool much = read == 0;
    EXPECT_EQ(received.find("Connection: close\r\n") != std::string::npos, much);
    EXPECT_EQ(served.engine.server_shutdown(peer), much);
    if (much) continue;
    EXPECT_EQ(body_of(served.send(peer, std::string(60'000, 'x') + hello_request)), "hello");
  }
}

TEST(H1StreamedBodies, CON_021_a_chunked_body_that_is_left_unread_is_drained_however_long_it_is) {
  const std::string chunk = "1000\r\n" + std::string(0x1000, 'x') + "\r\n";
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, chunked_upload + chunk);
  answer_later(served.seen.suspended.at(0), "early");
  const std::string received = taken_after_run(served, peer);
  EXPECT_EQ(received.find("Connection"), std::string::npos);
  for (int count = 0; count < 100; ++count) EXPECT_EQ(served.send(peer, chunk), "");
  EXPECT_EQ(body_of(served.send(peer, "0\r\n\r\n" + hello_request)), "hello");
  EXPECT_EQ(served.count(Reason::closed_body_not_drained), 0u);
}

TEST(H1StreamedBodies, CON_006_an_unread_rest_that_does_not_come_ends_the_connection) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, upload(1'000) + std::string(300, 'x'));
  answer_later(served.seen.suspended.at(0), "early");
  served.run();
  served.pass_ms(2'000);
  EXPECT_EQ(served.count(Reason::closed_body_not_drained), 1u);
  EXPECT_TRUE(served.engine.server_shutdown(peer));
}

TEST(H1StreamedBodies, CON_021_a_paused_body_is_drained_too) {
  ServerConfig config;
  config.send_queue_bytes_high = 1'000;
  config.send_queue_bytes_low = 100;
  Served served(config);
  const uring::Peer peer = served.connect();
  served.send(peer, upload(50'000) + std::string(4'000, 'x'));
  answer_later(served.seen.suspended.at(0), "early");
  EXPECT_EQ(body_of(taken_after_run(served, peer)), "early");
  EXPECT_EQ(body_of(served.send(peer, std::string(46'000, 'x') + hello_request)), "hello");
}

TEST(H1StreamedBodies, RSP_023_RSP_024_an_echo_runs_both_ways_at_once) {
  Served served;
  const uring::Peer peer = begin_stream(served, chunked_upload);
  served.run();
  served.engine.take_sent(peer);
  for (int round = 0; round < 50; ++round) {
    served.send(peer, "5\r\nhello\r\n");
    const std::string body = take_all(exchange_of(served));
    EXPECT_EQ(exchange_of(served).write(body), 5u);
    EXPECT_EQ(taken_after_run(served, peer), "5\r\nhello\r\n");
  }
  served.send(peer, "0\r\n\r\n");
  EXPECT_TRUE(exchange_of(served).body_ended());
  exchange_of(served).end(Outcome::responded);
  EXPECT_EQ(taken_after_run(served, peer), "0\r\n\r\n");
  EXPECT_EQ(status_of(served.send(peer, hello_request)), 200);
}

TEST(H1StreamedBodies, CON_030_an_answer_ahead_of_the_body_is_not_lost_to_a_peer_that_said_close) {
  for (const bool in_time : {true, false}) {
    Served served;
    const uring::Peer peer = served.connect();
    served.send(peer, upload(1'000, "Connection: close\r\n") + std::string(300, 'x'));
    if (in_time) served.send(peer, std::string(700, 'x'));
    answer_later(served.seen.suspended.at(0), "early");
    EXPECT_EQ(body_of(taken_after_run(served, peer)), "early");
    EXPECT_TRUE(served.engine.server_shutdown(peer));
    // With the body here nothing can follow.
    EXPECT_EQ(served.engine.closed(peer), in_time);
  }
}

// For a route that streams bodies which are worth it.
std::string long_upload(std::size_t bytes, std::string_view fields = "") {
  return "POST /long/a HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(bytes) + "\r\n" +
         std::string(fields) + "\r\n";
}

TEST(H1StreamedBodies,
     a_long_body_streams_where_the_route_wants_that_and_a_short_one_arrives_first) {
  ServerConfig config;
  config.send_queue_bytes_high = 1'000;
  config.send_queue_bytes_low = 100;
  for (const std::size_t bytes : {1u, 1'000u, 1'001u, 5'000u}) {
    for (const bool is_whole_at_once : {false, true}) {
      Served served(config);
      const uring::Peer peer = served.connect();
      const std::string body(bytes, 'x');
      const std::string input = long_upload(bytes) + body;
      std::string answered;
      if (is_whole_at_once && bytes < 5'000) {
        answered = served.send(peer, input);
      } else {
        served.send(peer, input.substr(0, input.size() - 1));
        const bool streams = bytes > 1'000;
        ASSERT_EQ(served.seen.suspended.size(), streams ? 1u : 0u) << bytes;
        std::string got = streams ? take_all(exchange_of(served)) : "";
        answered = served.send(peer, "x");
        if (streams) {
          got += take_all(exchange_of(served));
          EXPECT_EQ(got, body);
          EXPECT_TRUE(exchange_of(served).body_ended());
          answer_later(served.seen.suspended[0], body);
          answered = taken_after_run(served, peer);
        }
      }
      EXPECT_EQ(body_of(answered), body) << bytes;
      EXPECT_EQ(status_of(served.send(peer, hello_request)), 200);
    }
  }
}

TEST(H1StreamedBodies, H1_071_even_a_short_body_streams_if_it_waits_for_a_100) {
  Served served;
  const uring::Peer peer = served.connect();
  EXPECT_EQ(served.send(peer, long_upload(3, "Expect: 100-continue\r\n")), "");
  ASSERT_EQ(served.seen.suspended.size(), 1u);
  EXPECT_EQ(exchange_of(served).take_body(), "");
  EXPECT_EQ(taken_after_run(served, peer), "HTTP/1.1 100 Continue\r\n\r\n");
  served.send(peer, "abc");
  EXPECT_EQ(take_all(exchange_of(served)), "abc");
  answer_later(served.seen.suspended[0], "read");
  EXPECT_EQ(body_of(taken_after_run(served, peer)), "read");
  Served unread;
  const uring::Peer other = unread.connect();
  unread.send(other, long_upload(3, "Expect: 100-continue\r\n"));
  answer_later(unread.seen.suspended[0], "unread");
  const std::string answer = taken_after_run(unread, other);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
}

TEST(H1StreamedBodies, chunks_arrive_first_where_only_long_bodies_stream) {
  Served served;
  const uring::Peer peer = served.connect();
  const std::string head = "POST /long/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  served.send(peer, head + "3\r\nabc\r\n");
  EXPECT_EQ(served.seen.calls, 0u);
  EXPECT_EQ(body_of(served.send(peer, "0\r\n\r\n")), "abc");
}

}  // namespace
}  // namespace pelton::http
