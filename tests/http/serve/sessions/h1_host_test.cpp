// The waiting half of http/serve/connection: exchanges that outlive their handler's call.
#include <algorithm>

#include "../logged.hpp"
#include "../served_on.hpp"

namespace pelton::http {
namespace {

using Events = std::vector<ExchangeEvent>;

const std::string later = "GET /later/a HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string hello_request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(H1Pending, H1_080_what_follows_waits_for_the_answer_and_keeps_its_order) {
  Served served;
  const uring::Peer peer = served.connect();
  EXPECT_EQ(served.send(peer, hello_request + later + hello_request + later + hello_request),
            served.answer(hello_request));
  EXPECT_EQ(served.seen.calls, 3u);  // one of them for the comparison
  EXPECT_EQ(served.send(peer, hello_request), "");
  answer_later(served.seen.suspended.at(0), "first");
  served.run();
  auto responses = responses_in(served.engine.take_sent(peer));
  ASSERT_EQ(responses.size(), 2u);
  EXPECT_EQ(body_of(responses[0]), "first");
  EXPECT_EQ(body_of(responses[1]), "hello");
  answer_later(served.seen.suspended.at(1), "second");
  served.run();
  responses = responses_in(served.engine.take_sent(peer));
  ASSERT_EQ(responses.size(), 3u);
  EXPECT_EQ(body_of(responses[0]), "second");
  EXPECT_EQ(served.seen.calls, 7u);
  // The connection is as good as before.
  EXPECT_EQ(status_of(served.send(peer, hello_request)), 200);
}

TEST(H1Pending, SEG_001_a_request_behind_it_may_come_in_any_pieces) {
  const std::string input =
      later + "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + hello_request;
  for (std::size_t cut = later.size(); cut < input.size(); ++cut) {
    Served served;
    const uring::Peer peer = served.connect();
    served.send(peer, input.substr(0, cut));
    EXPECT_EQ(served.send(peer, input.substr(cut, 1)), "");
    answer_later(served.seen.suspended.at(0), "later");
    served.run();
    std::string received = served.engine.take_sent(peer);
    received += served.send(peer, input.substr(cut + 1));
    const auto responses = responses_in(received);
    ASSERT_EQ(responses.size(), 3u) << cut;
    EXPECT_EQ(body_of(responses[0]), "later");
    EXPECT_EQ(body_of(responses[1]), "hello");
  }
}

TEST(H1Pending, CON_042_CON_043_a_fin_is_told_and_the_answers_still_go_out) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, later + hello_request);
  EXPECT_EQ(served.seen.suspended.at(0).events, Events{});
  served.engine.finish(peer);
  served.run();
  EXPECT_EQ(served.seen.suspended[0].events, Events{ExchangeEvent::peer_finished});
  EXPECT_FALSE(served.engine.closed(peer));
  answer_later(served.seen.suspended[0], "late");
  served.run();
  EXPECT_EQ(responses_in(served.engine.take_sent(peer)).size(), 2u);
  EXPECT_TRUE(served.engine.closed(peer));
  EXPECT_EQ(served.seen.suspended[0].events.size(), 1u);
  EXPECT_EQ(served.count(Reason::closed_by_peer), 1u);
}

TEST(H1Pending, CON_043_a_handler_that_begins_behind_the_fin_is_told_too) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, later + later);
  served.engine.finish(peer);
  served.run();
  answer_later(served.seen.suspended.at(0), "first");
  served.run();
  EXPECT_EQ(served.seen.suspended.at(1).events, Events{ExchangeEvent::peer_finished});
  answer_later(served.seen.suspended[1], "second");
  served.run();
  EXPECT_EQ(responses_in(served.engine.take_sent(peer)).size(), 2u);
  EXPECT_TRUE(served.engine.closed(peer));
}

TEST(H1Pending, CON_043_CON_044_a_reset_ends_the_exchange_and_what_waits_behind_it) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, later + hello_request);
  served.engine.reset(peer);
  served.run();
  EXPECT_EQ(served.seen.suspended.at(0).events, Events{ExchangeEvent::peer_lost});
  EXPECT_EQ(served.seen.suspended[0].handle.get(), nullptr);
  EXPECT_EQ(served.count(Reason::lost_reset), 1u);
  EXPECT_EQ(served.seen.calls, 1u);
  EXPECT_EQ(served.server.connections_live(), 0u);
}

// Behind the FIN nothing is received any more, which would tell of it.
TEST(H1Pending, CON_044_CON_045_a_reset_behind_a_fin_is_noticed_within_a_second) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, later + hello_request);
  served.engine.finish(peer);
  served.run();
  served.pass_ms(5000);
  EXPECT_EQ(served.seen.suspended.at(0).events, Events{ExchangeEvent::peer_finished});
  served.engine.reset(peer);
  served.pass_ms(1000);
  const Events events{ExchangeEvent::peer_finished, ExchangeEvent::peer_lost};
  EXPECT_EQ(served.seen.suspended.at(0).events, events);
  EXPECT_EQ(served.count(Reason::lost_reset), 1u);
  EXPECT_EQ(served.server.connections_live(), 0u);
}

TEST(H1Pending, CON_043_CON_045_the_peers_end_is_noticed_while_nothing_is_read) {
  for (const bool resets : {false, true}) {
    ServerConfig config;
    config.pipeline_requests_max = 2;
    Served served(config);
    const uring::Peer peer = served.connect();
    const std::size_t reading = served.engine.operations_in_flight();
    served.send(peer, later + hello_request + hello_request);
    EXPECT_LT(served.engine.operations_in_flight(), reading);
    resets ? served.engine.reset(peer) : served.engine.finish(peer);
    served.run();
    EXPECT_EQ(served.seen.suspended.at(0).events, Events{});
    served.pass_ms(1000);
    EXPECT_EQ(served.seen.suspended[0].events,
              Events{resets ? ExchangeEvent::peer_lost : ExchangeEvent::peer_finished});
    EXPECT_EQ(served.count(Reason::lost_reset), resets ? 1u : 0u);
    if (resets) continue;
    served.pass_ms(5000);
    EXPECT_EQ(served.seen.suspended[0].events.size(), 1u);  // once
    answer_later(served.seen.suspended[0], "late");
    served.run();
    EXPECT_EQ(responses_in(served.engine.take_sent(peer)).size(), 3u);
  }
}

TEST(H1Pending, CON_005_a_handler_that_never_answers_gets_504_in_its_place) {
  ServerConfig config;
  config.request_timeout_ms = 3000;
  Served served(config);
  const uring::Peer peer = served.connect();
  served.send(peer, later + hello_request);
  served.pass_ms(2000);
  EXPECT_EQ(served.engine.take_sent(peer), "");
  served.pass_ms(2000);
  EXPECT_EQ(served.seen.suspended.at(0).events, Events{ExchangeEvent::cancelled});
  EXPECT_EQ(served.seen.suspended[0].handle.get(), nullptr);
  const auto responses = responses_in(served.engine.take_sent(peer));
  ASSERT_EQ(responses.size(), 2u);
  EXPECT_EQ(status_of(responses[0]), 504);
  EXPECT_EQ(body_of(responses[1]), "hello");
  EXPECT_EQ(served.count(Reason::fault_request_timeout), 1u);
  EXPECT_EQ(served.count(Reason::fault_handler), 0u);
}

TEST(H1Pending, CON_005_the_time_limit_holds_when_the_client_has_left) {
  ServerConfig config;
  config.request_timeout_ms = 3000;
  Served served(config);
  const uring::Peer peer = served.connect();
  served.send(peer, later);
  Suspended& suspended = served.seen.suspended.at(0);
  suspended.outlives = true;
  served.pass_ms(1000);
  served.engine.reset(peer);
  served.run();
  EXPECT_EQ(suspended.events, Events{ExchangeEvent::peer_lost});
  EXPECT_EQ(served.server.connections_live(), 0u);
  EXPECT_EQ(served.server.handlers_orphaned(), 1u);
  served.pass_ms(1900);
  EXPECT_EQ(suspended.limits, 0u);
  served.pass_ms(200);
  EXPECT_EQ(suspended.limits, 1u);
  EXPECT_EQ(served.count(Reason::fault_request_timeout), 1u);
  served.pass_ms(60'000);
  EXPECT_EQ(suspended.limits, 1u);
  EXPECT_EQ(served.server.handlers_orphaned(), 1u);
  suspended.orphan.reset();
  EXPECT_EQ(served.server.handlers_orphaned(), 0u);
}

TEST(H1Pending, CON_005_a_handler_that_was_cancelled_has_no_second_limit) {
  ServerConfig config;
  config.request_timeout_ms = 3000;
  Served served(config);
  const uring::Peer peer = served.connect();
  served.send(peer, later);
  Suspended& suspended = served.seen.suspended.at(0);
  suspended.outlives = true;
  served.pass_ms(4000);
  EXPECT_EQ(suspended.events, Events{ExchangeEvent::cancelled});
  EXPECT_EQ(status_of(served.engine.take_sent(peer)), 504);
  EXPECT_EQ(served.server.handlers_orphaned(), 1u);
  served.pass_ms(60'000);
  EXPECT_EQ(suspended.limits, 0u);
  EXPECT_EQ(served.count(Reason::fault_request_timeout), 1u);
}

TEST(H1Pending, CON_005_a_handler_that_has_answered_has_no_limit) {
  ServerConfig config;
  config.request_timeout_ms = 3000;
  config.handlers_running_max = 1;
  Served served(config);
  const uring::Peer peer = served.connect();
  served.send(peer, later);
  Suspended& suspended = served.seen.suspended.at(0);
  suspended.orphan = suspended.handle.get()->orphan(
      [](void* context) { ++static_cast<Suspended*>(context)->limits; }, &suspended);
  answer_later(suspended, "own answer");
  served.run();
  EXPECT_EQ(body_of(served.engine.take_sent(peer)), "own answer");
  served.pass_ms(60'000);
  EXPECT_EQ(suspended.limits, 0u);
  EXPECT_EQ(served.count(Reason::fault_request_timeout), 0u);
  // Its place is taken.
  EXPECT_EQ(status_of(served.send(peer, hello_request)), 503);
  suspended.orphan.reset();
  EXPECT_EQ(status_of(served.send(peer, hello_request)), 200);
}

TEST(H1Pending, CON_005_without_a_limit_it_may_take_for_ever) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, later);
  for (int hour = 0; hour < 10; ++hour) served.pass_ms(3'600'000);
  EXPECT_EQ(served.seen.suspended.at(0).events, Events{});
  answer_later(served.seen.suspended[0], "at last");
  served.run();
  EXPECT_EQ(body_of(served.engine.take_sent(peer)), "at last");
  // The idle timer begins behind the answer (CON-003).
  served.pass_ms(74'000);
  EXPECT_FALSE(served.engine.closed(peer));
  served.pass_ms(2'000);
  EXPECT_TRUE(served.engine.closed(peer));
}

TEST(H1Pending, RSP_019_a_failure_that_comes_late_is_a_500) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, later);
  Exchange* const exchange = served.seen.suspended.at(0).handle.get();
  ASSERT_NE(exchange, nullptr);
  EXPECT_EQ(exchange->begin({}), HeadFault::none);
  exchange->body_output().append("half a response");
  exchange->end(Outcome::failed);
  served.run();
  EXPECT_EQ(status_of(served.engine.take_sent(peer)), 500);
  EXPECT_EQ(served.count(Reason::fault_handler), 1u);
}

TEST(H1Pending, RSP_027_what_a_handler_does_behind_its_answer_delays_nobody) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, later + later);
  // The exchange ends with the answer, whatever its handler goes on to do: the next one begins.
  answer_later(served.seen.suspended.at(0), "first");
  EXPECT_EQ(served.seen.suspended[0].handle.get(), nullptr);
  served.run();
  EXPECT_EQ(body_of(served.engine.take_sent(peer)), "first");
  EXPECT_EQ(served.seen.suspended.size(), 2u);
  answer_later(served.seen.suspended[1], "second");
  served.run();
  EXPECT_EQ(body_of(served.engine.take_sent(peer)), "second");
  EXPECT_EQ(served.seen.suspended[0].events, Events{});
}

TEST(H1Pending, H1_083_behind_a_request_that_ends_the_connection_nothing_is_kept) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer,
              "GET /later/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + hello_request);
  served.send(peer, std::string(1'000'000, 'x'));
  answer_later(served.seen.suspended.at(0), "last");
  served.run();
  const std::string received = served.engine.take_sent(peer);
  EXPECT_EQ(responses_in(received).size(), 1u);
  EXPECT_NE(received.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(served.engine.server_shutdown(peer));
  EXPECT_EQ(served.seen.calls, 1u);
}

TEST(H1Pending, PRC_012_PRC_015_a_stop_waits_for_the_answer) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, later);
  served.server.stop();
  served.pass_ms(20'000);
  EXPECT_FALSE(served.server.finished());
  EXPECT_EQ(served.seen.suspended.at(0).events, Events{});
  answer_later(served.seen.suspended[0], "whole");
  served.run();
  const std::string received = served.engine.take_sent(peer);
  EXPECT_EQ(body_of(received), "whole");
  EXPECT_NE(received.find("Connection: close\r\n"), std::string::npos);
  served.engine.hang_up(peer);
  served.run();
  EXPECT_TRUE(served.server.finished());
  EXPECT_EQ(served.count(Reason::cut_drain_deadline), 0u);
}

TEST(H1Pending, PRC_016_the_stops_deadline_ends_the_exchange) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, later);
  served.server.stop();
  served.run();
  served.pass_ms(30'000);
  EXPECT_EQ(served.seen.suspended.at(0).events, Events{ExchangeEvent::cancelled});
  EXPECT_EQ(served.seen.suspended[0].handle.get(), nullptr);
  EXPECT_TRUE(served.engine.server_reset(peer));
  EXPECT_EQ(served.count(Reason::cut_drain_deadline), 1u);
  EXPECT_TRUE(served.server.finished());
}

TEST(H1Pending, CON_046_a_handler_that_is_lost_leaves_nothing_behind) {
  Served served;
  for (int count = 0; count < 300; ++count) {
    const uring::Peer peer = served.connect();
    served.send(peer, later + hello_request);
    count % 2 == 0 ? served.engine.reset(peer) : served.engine.hang_up(peer);
    served.run();
  }
  // Those that only hung up are found out when they are answered.
  for (const Suspended& suspended : served.seen.suspended) {
    if (suspended.handle.get() != nullptr) answer_later(suspended, "nobody hears");
  }
  served.run();
  EXPECT_EQ(served.server.connections_live(), 0u);
}

// A socket that takes at once whatever it is given, as that of a peer that reads quickly.
class EagerEngine final : public uring::MemoryEngine {
 public:
  std::int32_t send_at_once(uring::Descriptor socket, std::span<const char> octets) override {
    return send_now(socket, octets);
  }
};
using ConnectionPendingEager = ServedOn<EagerEngine>;

TEST_F(ConnectionPendingEager, RSP_023_a_piece_that_is_taken_in_part_goes_on_with_a_quick_peer) {
  const uring::Peer peer = connect();
  send(peer, "GET /stream/a HTTP/1.1\r\nHost: a\r\n\r\n");
  const Suspended& suspended = seen_.suspended.at(0);
  ASSERT_EQ(suspended.handle.get()->begin_stream({}), HeadFault::none);
  const std::string body(8 << 20, 'x');
  std::size_t written = suspended.handle.get()->write(body);
  EXPECT_LT(written, body.size());
  run();
  for (Events& events = seen_.suspended[0].events; !events.empty(); run()) {
    events.clear();
    written += suspended.handle.get()->write(std::string_view(body).substr(written));
  }
  EXPECT_EQ(written, body.size());
  suspended.handle.get()->end(Outcome::responded);
  run();
  EXPECT_GT(engine_.take_sent(peer).size(), body.size());
}

}  // namespace
}  // namespace pelton::http
