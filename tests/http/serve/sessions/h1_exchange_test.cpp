// The half of http/serve/connection that sends responses as they are made.
#include <algorithm>
#include <array>

#include "../streamed.hpp"

namespace pelton::http {
namespace {

TEST(H1Streams, RSP_006_a_body_of_unknown_length_is_chunked_and_leaves_as_it_is_made) {
  Served served;
  const uring::Peer peer = begin_stream(served, stream_request);
  const std::string head = taken_after_run(served, peer);
  EXPECT_NE(head.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_EQ(head.find("Content-Length"), std::string::npos);
  EXPECT_EQ(body_of(head), "");
  EXPECT_EQ(exchange_of(served).write("hello"), 5u);
  EXPECT_EQ(taken_after_run(served, peer), "5\r\nhello\r\n");
  EXPECT_EQ(exchange_of(served).write(std::string(26, 'x')), 26u);
  exchange_of(served).end(Outcome::responded);
  EXPECT_EQ(taken_after_run(served, peer), "1a\r\n" + std::string(26, 'x') + "\r\n0\r\n\r\n");
  // The connection is as good as before.
  EXPECT_EQ(status_of(served.send(peer, hello_request)), 200);
}

TEST(H1Streams, RSP_005_RSP_012_a_declared_length_is_kept) {
  const FieldView length{"Content-Length", "10"};
  Served served;
  const uring::Peer peer = begin_stream(served, stream_request, {&length, 1});
  EXPECT_TRUE(exchange_of(served).wants_more());
  exchange_of(served).write("01234");
  exchange_of(served).write("56789");
  EXPECT_FALSE(exchange_of(served).wants_more());
  exchange_of(served).end(Outcome::responded);
  const auto responses = responses_in(taken_after_run(served, peer));
  ASSERT_EQ(responses.size(), 1u);
  EXPECT_EQ(body_of(responses[0]), "0123456789");
  EXPECT_EQ(responses[0].find("Transfer-Encoding"), std::string::npos);
  EXPECT_EQ(status_of(served.send(peer, hello_request)), 200);
  EXPECT_EQ(served.count(Reason::fault_response_length), 0u);
}

TEST(H1Streams, RSP_012_fewer_octets_than_declared_are_a_cut) {
  const FieldView length{"Content-Length", "10"};
  Served served;
  const uring::Peer peer = begin_stream(served, stream_request, {&length, 1});
  exchange_of(served).write("012345678");
  exchange_of(served).end(Outcome::responded);
  served.run();
  EXPECT_TRUE(served.engine.server_reset(peer));
  EXPECT_EQ(served.count(Reason::fault_response_length), 1u);
}

TEST(H1Streams, RSP_012_what_exceeds_the_declared_length_is_left_out_and_closes) {
  const FieldView length{"Content-Length", "10"};
  Served served;
  const uring::Peer peer = begin_stream(served, stream_request + hello_request, {&length, 1});
  exchange_of(served).write("01234");
  EXPECT_EQ(exchange_of(served).write("567890"), 6u);
  EXPECT_EQ(exchange_of(served).write("more"), 4u);
  exchange_of(served).end(Outcome::responded);
  const auto responses = responses_in(taken_after_run(served, peer));
  ASSERT_EQ(responses.size(), 1u);
  EXPECT_EQ(body_of(responses[0]), "0123456789");
  EXPECT_TRUE(served.engine.server_shutdown(peer));
  EXPECT_EQ(served.count(Reason::fault_response_length), 1u);
  EXPECT_EQ(served.seen.calls, 1u);
}

TEST(H1Streams, RSP_020_a_failure_behind_the_head_is_never_a_clean_end) {
  Served served;
  const uring::Peer peer = begin_stream(served, stream_request + hello_request);
  exchange_of(served).write("half");
  served.run();
  exchange_of(served).end(Outcome::failed);
  const std::string received = taken_after_run(served, peer);
  EXPECT_TRUE(received.ends_with("4\r\nhalf\r\n"));
  EXPECT_TRUE(served.engine.server_reset(peer));
  EXPECT_EQ(served.count(Reason::fault_handler_streaming), 1u);
  EXPECT_EQ(served.count(Reason::fault_handler), 0u);
  EXPECT_EQ(served.seen.calls, 1u);
  EXPECT_EQ(served.server.connections_live(), 0u);
}

TEST(H1Streams, RSP_019_a_failure_ahead_of_the_head_is_a_500_as_ever) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, stream_request);
  const FieldView bad{"X-Bad", "a\r\nb"};
  EXPECT_EQ(exchange_of(served).begin_stream({.fields = {&bad, 1}}), HeadFault::header);
  exchange_of(served).end(Outcome::failed);
  EXPECT_EQ(status_of(taken_after_run(served, peer)), 500);
  EXPECT_EQ(status_of(served.send(peer, hello_request)), 200);
}

TEST(H1Streams, RSP_021_no_chunk_is_empty_but_the_last) {
  Served served;
  const uring::Peer peer = begin_stream(served, stream_request);
  exchange_of(served).write("");
  exchange_of(served).write("a");
  exchange_of(served).write("");
  exchange_of(served).end(Outcome::responded);
  EXPECT_EQ(body_of(taken_after_run(served, peer)), "1\r\na\r\n0\r\n\r\n");
}

TEST(H1Streams, H1_085_RSP_006_to_http_1_0_the_end_is_the_connections) {
  for (const std::string request : {"GET", "GET/keep", "HEAD", "HEAD/keep"}) {
    const std::string method = request.substr(0, request.find('/'));
    const std::string fields = method == request ? "" : "Connection: keep-alive\r\n";
    Served served;
    const uring::Peer peer =
        begin_stream(served, method + " /stream/a HTTP/1.0\r\nHost: a\r\n" + fields + "\r\n");
    exchange_of(served).write("all of it");
    EXPECT_FALSE(served.engine.server_shutdown(peer));
    exchange_of(served).end(Outcome::responded);
    const std::string received = taken_after_run(served, peer);
    EXPECT_EQ(body_of(received), method == "HEAD" ? "" : "all of it");
    EXPECT_EQ(received.find("Transfer-Encoding"), std::string::npos);
    EXPECT_NE(received.find("Connection: close\r\n"), std::string::npos);
    EXPECT_EQ(received.find("keep-alive"), std::string::npos);
    EXPECT_TRUE(served.engine.server_shutdown(peer));
  }
}

TEST(H1Streams, H1_084_a_declared_length_keeps_http_1_0_alive) {
  const FieldView length{"Content-Length", "3"};
  Served served;
  const uring::Peer peer = begin_stream(
      served, "GET /stream/a HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", {&length, 1});
  exchange_of(served).write("abc");
  exchange_of(served).end(Outcome::responded);
  EXPECT_NE(taken_after_run(served, peer).find("Connection: keep-alive\r\n"), std::string::npos);
  EXPECT_EQ(status_of(served.send(peer, hello_request)), 200);
}

TEST(H1Streams, RSP_003_head_and_bodiless_statuses_want_nothing_of_the_body) {
  {
    Served served;
    const uring::Peer peer = begin_stream(served, "GET /stream/a HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string of_get = taken_after_run(served, peer);
    Served headed;
    const uring::Peer asker = begin_stream(headed, "HEAD /stream/a HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_FALSE(exchange_of(headed).wants_more());
    EXPECT_EQ(exchange_of(headed).write("unheard"), 7u);
    exchange_of(headed).end(Outcome::responded);
    EXPECT_EQ(taken_after_run(headed, asker), of_get);
    EXPECT_EQ(status_of(headed.send(asker, hello_request)), 200);
    exchange_of(served).end(Outcome::responded);
  }
  for (const std::uint16_t status : {204, 205, 304}) {
    Served served;
    const uring::Peer peer = begin_stream(served, stream_request, {}, status);
    EXPECT_FALSE(exchange_of(served).wants_more());
    exchange_of(served).write("unheard");
    exchange_of(served).end(Outcome::responded);
    const std::string received = taken_after_run(served, peer);
    EXPECT_EQ(body_of(received), "");
    EXPECT_EQ(received.find("Transfer-Encoding"), std::string::npos);
    EXPECT_EQ(received.find("Content-Length: 0") != std::string::npos, status == 205);
    EXPECT_EQ(status_of(served.send(peer, hello_request)), 200);
  }
}

TEST(H1Streams, RSP_022_trailers_leave_for_those_who_take_them) {
  const std::array<FieldView, 3> trailers{
      {{"Digest", "abc"}, {"Content-Length", "3"}, {"X-Bad", "a\nb"}}};
  const std::string asks = "GET /stream/a HTTP/1.1\r\nHost: a\r\nTE: gzip;q=0, Trailers\r\n\r\n";
  Served served;
  const uring::Peer peer = begin_stream(served, asks);
  exchange_of(served).end(Outcome::responded, trailers);
  EXPECT_EQ(body_of(taken_after_run(served, peer)), "0\r\nDigest: abc\r\n\r\n");
  EXPECT_EQ(served.count(Reason::dropped_response_trailer), 2u);
  Served silent;
  const uring::Peer other = begin_stream(silent, stream_request);
  exchange_of(silent).end(Outcome::responded, trailers);
  EXPECT_EQ(body_of(taken_after_run(silent, other)), "0\r\n\r\n");
  EXPECT_EQ(silent.count(Reason::dropped_response_trailer), 3u);
}

TEST(H1Streams, RSP_013_the_handlers_close_ends_the_connection_behind_the_body) {
  const FieldView close{"Connection", "close"};
  Served served;
  const uring::Peer peer = begin_stream(served, stream_request + hello_request, {&close, 1});
  exchange_of(served).end(Outcome::responded);
  EXPECT_NE(taken_after_run(served, peer).find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(served.engine.server_shutdown(peer));
  EXPECT_EQ(served.seen.calls, 1u);
}

TEST(H1Streams, RSP_023_a_producer_waits_for_a_slow_peer) {
  Served served;
  const uring::Peer peer = begin_stream(served, stream_request);
  served.engine.set_window(peer, 1'000);
  const std::string piece(10'000, 'x');
  std::size_t written = 0;
  std::size_t received = 0;
  std::size_t pieces = 0;
  const auto produce = [&] {
    for (std::size_t taken = piece.size(); taken == piece.size() && written < 3'000'000;) {
      taken = exchange_of(served).write(piece);
      written += taken;
      ++pieces;
    }
  };
  produce();
  EXPECT_LE(written, 262'144u + piece.size());
  Events& events = events_of(served);
  while (written < 3'000'000) {
    // Nothing is told before the queue is low.
    served.engine.set_window(peer, 20'000);
    served.run();
    received += served.engine.take_sent(peer).size();
    if (events.empty()) continue;
    EXPECT_EQ(events, Events{ExchangeEvent::writable});
    events.clear();
    EXPECT_LE(written - received, 65'536u + 10 * pieces);
    produce();
  }
  exchange_of(served).end(Outcome::responded);
  served.engine.set_window(peer, 10'000'000);
  served.run();
  received += served.engine.take_sent(peer).size();
  EXPECT_GT(received, written);
  EXPECT_EQ(status_of(served.send(peer, hello_request)), 200);
}

TEST(H1Streams, LIM_035_connection_queue_bytes_max) {
  ServerConfig config;
  config.send_queue_bytes_high = 1'000;
  config.send_queue_bytes_low = 100;
  const std::uint64_t n = config.connection_queue_bytes_max = 50'000;
  for (const std::uint64_t bytes : {n - 1, n, n + 1}) {
    for (const std::size_t pieces : {1u, 2u}) {
      Served served(config);
      const uring::Peer peer = begin_stream(served, stream_request);
      served.run();
      served.engine.take_sent(peer);
      served.engine.set_window(peer, 0);
      // The queue's bound does not depend on the cut; framing comes on top.
      const std::size_t first = pieces == 1 ? 0 : 500;
      std::size_t taken = exchange_of(served).write(std::string(first, 'x'));
      taken += exchange_of(served).write(std::string(bytes - first, 'x'));
      const std::size_t framing = pieces == 1 ? 0 : std::string("1f4\r\n\r\n").size();
      EXPECT_EQ(taken, std::min<std::uint64_t>(bytes, n - framing));
      served.run();
      EXPECT_EQ(events_of(served), Events{});
      served.engine.set_window(peer, 100'000);
      served.run();
      EXPECT_EQ(events_of(served), taken < bytes ? Events{ExchangeEvent::writable} : Events{});
      exchange_of(served).end(Outcome::responded);
    }
  }
}

// A handler that writes whatever is taken, and again each time it hears of room.
struct Producer {
  ExchangeHandle handle;
  std::string piece = std::string(100'000, 'x');
  std::size_t written = 0;

  void produce() {
    for (std::size_t taken = piece.size(); taken == piece.size();) {
      taken = handle.get()->write(piece);
      written += taken;
    }
  }
};

TEST(H1Streams, ENG_016_RSP_023_an_endless_stream_gives_way_each_turn) {
  Producer producer;
  Router router;
  const auto route = router.add(std::array{std::string_view("GET")}, "/endless");
  ASSERT_TRUE(route.has_value());
  router.settings(*route).handler = {
      [](void* context, Exchange& exchange) {
        auto& made = *static_cast<Producer*>(context);
        const auto hear = [](void* heard, ExchangeEvent event, Exchange&) {
          if (event == ExchangeEvent::writable) static_cast<Producer*>(heard)->produce();
        };
        made.handle = exchange.suspend({.call = hear, .context = context});
        EXPECT_EQ(made.handle.get()->begin_stream({}), HeadFault::none);
        made.produce();
        return Outcome::pending;
      },
      &producer};
  Stats stats;
  VirtualClock clock;
  uring::MemoryEngine engine;
  const RouteTable routes = router.freeze({});
  const ServerConfig config;
  Server server(
      {.engine = engine, .clock = clock, .routes = routes, .config = config, .stats = stats});
  uring::Loop loop(engine, clock, server);
  const uring::Descriptor listener = engine.listen();
  server.listen(listener);
  loop.turn({});
  const uring::Peer peer = engine.connect(listener);
  engine.deliver(peer, "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
  // The peer takes everything at once, and still each turn ends.
  std::size_t before = 0;
  for (int turn = 0; turn < 20; ++turn) {
    loop.turn({});
    EXPECT_LE(producer.written - before, 262'144u + producer.piece.size());
    before = producer.written;
    engine.take_sent(peer);
  }
  EXPECT_GT(producer.written, 2'000'000u);
  engine.reset(peer);
  server.stop();
  while (!server.finished()) loop.turn({});
}

TEST(H1Streams, CON_004_a_peer_that_takes_nothing_of_a_stream_is_cut) {
  Served served;
  const uring::Peer peer = begin_stream(served, stream_request);
  served.engine.set_window(peer, 0);
  exchange_of(served).write("never taken");
  served.run();
  served.pass_ms(4'000);
  EXPECT_EQ(events_of(served), Events{});
  served.pass_ms(2'000);
  EXPECT_EQ(events_of(served), Events{ExchangeEvent::cancelled});
  EXPECT_EQ(served.count(Reason::cut_send_too_slow), 1u);
}

TEST(H1Streams, CON_005_the_time_limit_ends_with_the_head) {
  ServerConfig config;
  config.request_timeout_ms = 3'000;
  Served served(config);
  const uring::Peer peer = begin_stream(served, stream_request);
  served.pass_ms(60'000);
  EXPECT_EQ(events_of(served), Events{});
  exchange_of(served).end(Outcome::responded);
  EXPECT_EQ(status_of(taken_after_run(served, peer)), 200);
}

TEST(H1Streams, CON_043_CON_044_the_producer_hears_of_fin_and_reset) {
  Served served;
  const uring::Peer peer = begin_stream(served, stream_request);
  served.engine.finish(peer);
  served.run();
  EXPECT_EQ(events_of(served), Events{ExchangeEvent::peer_finished});
  EXPECT_EQ(exchange_of(served).write("still heard"), 11u);
  EXPECT_TRUE(taken_after_run(served, peer).ends_with("b\r\nstill heard\r\n"));
  served.engine.reset(peer);
  exchange_of(served).write("no more");
  served.run();
  EXPECT_EQ(events_of(served).back(), ExchangeEvent::peer_lost);
  EXPECT_EQ(served.seen.suspended[0].handle.get(), nullptr);
}

TEST(H1Streams, H1_080_what_follows_waits_for_the_end_of_the_stream) {
  Served served;
  const uring::Peer peer = begin_stream(served, stream_request + hello_request);
  exchange_of(served).write("one");
  EXPECT_EQ(body_of(taken_after_run(served, peer)), "3\r\none\r\n");
  exchange_of(served).end(Outcome::responded);
  const std::string rest = taken_after_run(served, peer);
  EXPECT_EQ(rest.substr(0, 5), "0\r\n\r\n");
  EXPECT_EQ(body_of(responses_in(rest.substr(5)).at(0)), "hello");
}

TEST(H1Streams, PRC_012_PRC_018_a_stop_answers_what_arrived_behind_the_stream) {
  Served served;
  const uring::Peer peer = begin_stream(served, stream_request + hello_request + hello_request);
  served.server.stop();
  served.run();
  exchange_of(served).write("x");
  exchange_of(served).end(Outcome::responded);
  const std::string received = taken_after_run(served, peer);
  const std::string rest = received.substr(received.find("0\r\n\r\n") + 5);
  EXPECT_EQ(responses_in(rest).size(), 2u);
  EXPECT_NE(rest.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(served.engine.server_shutdown(peer));
}

TEST(H1Streams, CON_046_streams_that_are_lost_leave_nothing_behind) {
  Served served;
  for (int count = 0; count < 200; ++count) {
    const uring::Peer peer = served.connect();
    served.send(peer, count % 3 == 0 ? stream_request : upload(50'000) + "abc");
    Exchange& exchange = exchange_of(served, static_cast<std::size_t>(count));
    if (count % 2 == 0) {
      EXPECT_EQ(exchange.begin_stream({}), HeadFault::none);
      exchange.write(std::string(300'000, 'x'));
    }
    count % 5 == 0 ? served.engine.hang_up(peer) : served.engine.reset(peer);
    served.run();
  }
  for (const Suspended& suspended : served.seen.suspended) {
    if (Exchange* const exchange = suspended.handle.get()) exchange->end(Outcome::failed);
  }
  served.run();
}

TEST(H1Streams, RSP_010_H1_085_hints_come_before_the_response_but_not_to_http_1_0) {
  const std::array<std::string_view, 2> links{"</a>; rel=preload", "</b>"};
  const std::string hinted =
      "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nLink: </b>\r\n\r\n";
  for (const std::string version : {"1.0", "1.1"}) {
    Served served;
    const uring::Peer peer = served.connect();
    served.send(peer, "GET /later/a HTTP/" + version + "\r\nHost: a\r\n\r\n");
    EXPECT_EQ(exchange_of(served).hint({}), HeadFault::none);
    EXPECT_EQ(exchange_of(served).hint(links), HeadFault::none);
    EXPECT_EQ(taken_after_run(served, peer), version == "1.0" ? "" : hinted);
    const std::array<std::string_view, 1> bad{"a\r\nb: c"};
    EXPECT_EQ(exchange_of(served).hint(bad),
              version == "1.0" ? HeadFault::none : HeadFault::header);
    answer_later(served.seen.suspended[0], "whole");
    EXPECT_TRUE(taken_after_run(served, peer).ends_with("\r\n\r\nwhole"));
  }
}

TEST(H1Streams, LIM_034_hints_that_the_peer_does_not_take_are_left_out) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, "GET /later/a HTTP/1.1\r\nHost: a\r\n\r\n");
  served.engine.set_window(peer, 0);
  const std::string link(10'000, 'x');
  const std::array<std::string_view, 1> links{link};
  for (int count = 0; count < 100; ++count) {
    EXPECT_EQ(exchange_of(served).hint(links), HeadFault::none);
    served.run();
  }
  served.engine.set_window(peer, 10'000'000);
  answer_later(served.seen.suspended[0], "whole");
  const std::string received = taken_after_run(served, peer);
  EXPECT_TRUE(received.ends_with("\r\n\r\nwhole"));
  EXPECT_GT(received.size(), 60'000u);
  EXPECT_LT(received.size(), 400'000u);
}

}  // namespace
}  // namespace pelton::http
