// WebSockets on streams of HTTP/2 (RFC 8441).
#include "http/serve/sessions/h2_websocket.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/http/h2/spoken.hpp"
#include "tests/http/websocket/client.hpp"

namespace pelton::http {
namespace {

using h2::ErrorCode;
using h2::FrameType;
using support::data;
using support::FieldList;
using support::headers;
using websocket::binary;
using websocket::text;
using websocket::told;
using News = std::vector<std::string>;

FieldList asking(std::string_view path, FieldList others = {}) {
  FieldList fields = {{":method", "CONNECT"},       {":protocol", "websocket"},
                      {":scheme", "http"},          {":authority", "a"},
                      {":path", std::string(path)}, {"sec-websocket-version", "13"}};
  fields.insert(fields.end(), others.begin(), others.end());
  return fields;
}

std::string asked(std::uint32_t stream, std::string_view path, FieldList others = {}) {
  return headers(stream, asking(path, std::move(others)), false);
}

std::string value_of(const FieldList& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return "absent";
}

// The payload of a stream's frames, as messages; it is taken.
std::string heard(Spoken& spoken, std::uint32_t stream = 1) {
  return told(std::exchange(spoken.stream(stream).body, {}));
}

TEST(H2WebSocket, H2_041_messages_go_both_ways_beside_other_streams) {
  Spoken spoken;
  spoken.say(asked(1, "/socket/echo"));
  EXPECT_EQ(spoken.stream(1).status, 200);
  EXPECT_FALSE(spoken.stream(1).ended);
  EXPECT_EQ(value_of(spoken.stream(1).fields, "upgrade"), "absent");
  EXPECT_EQ(value_of(spoken.stream(1).fields, "sec-websocket-accept"), "absent");
  EXPECT_EQ(value_of(spoken.stream(1).fields, "content-length"), "absent");
  spoken.say(data(1, text("hello"), false) + support::request(3, "/"));
  EXPECT_EQ(heard(spoken), "text:hello");
  EXPECT_EQ(spoken.stream(3).body, "hello");
  spoken.say(asked(5, "/socket/echo") + data(5, text("a") + binary("b"), false));
  EXPECT_EQ(heard(spoken, 5), "text:a binary:b");
  const std::string large(60'000, 'x');
  spoken.say(data(1, text(large).substr(0, 16'000), false) +
             data(1, text(large).substr(16'000, 16'000), false));
  spoken.say(data(1, text(large).substr(32'000, 16'000), false) +
             data(1, text(large).substr(48'000), false));
  EXPECT_EQ(heard(spoken), "text:" + large);
  EXPECT_EQ(spoken.served.seen.sockets.size(), 2u);
}

TEST(H2WebSocket, WS_031_the_close_ends_the_stream_and_nothing_else) {
  Spoken spoken;
  spoken.say(asked(1, "/socket/echo") + data(1, text("hi") + websocket::close(1000, "bye"), false));
  EXPECT_EQ(heard(spoken), "text:hi close:1000");
  EXPECT_TRUE(spoken.stream(1).ended);
  EXPECT_EQ(spoken.served.seen.sockets.at(0).news, (News{"text:hi", "closed:1000 bye"}));
  EXPECT_EQ(spoken.served.seen.sockets[0].handle.get(), nullptr);
  spoken.say(support::request(3, "/"));
  EXPECT_EQ(spoken.stream(3).status, 200);
}

TEST(H2WebSocket, the_server_closes_first) {
  Spoken spoken;
  spoken.say(asked(1, "/socket/hold"));
  SeenSocket& socket = spoken.served.seen.sockets.at(0);
  EXPECT_EQ(socket.handle.get()->close(3000, "over"), CloseFault::none);
  spoken.pass_ms(1);
  EXPECT_EQ(heard(spoken), "close:3000over");
  EXPECT_FALSE(spoken.stream(1).ended);
  spoken.say(data(1, websocket::close(3000, "over"), false));
  EXPECT_TRUE(spoken.stream(1).ended);
  EXPECT_EQ(socket.news, News{"closed:3000 over"});
}

TEST(H2WebSocket, a_peer_that_does_not_answer_the_close_is_reset) {
  Spoken spoken;
  spoken.say(asked(1, "/socket/hold"));
  spoken.served.seen.sockets.at(0).handle.get()->close(1000, "");
  spoken.pass_ms(1);
  spoken.pass_ms(5100);
  EXPECT_TRUE(spoken.stream(1).was_reset);
  EXPECT_EQ(spoken.stream(1).code, ErrorCode::cancel);
  EXPECT_EQ(spoken.count(Reason::cut_websocket_close_timeout), 1u);
  EXPECT_EQ(spoken.served.seen.sockets[0].news, News{"closed:1006 unclean"});
  EXPECT_FALSE(spoken.closed());
}

TEST(H2WebSocket, the_end_of_the_stream_and_its_reset_are_the_loss_of_the_peer) {
  for (const std::string& end : {data(1, ""), support::reset(1, ErrorCode::cancel)}) {
    Spoken spoken;
    spoken.say(asked(1, "/socket/hold"));
    spoken.say(data(1, text("last"), false) + end);
    EXPECT_EQ(spoken.served.seen.sockets.at(0).news, (News{"text:last", "closed:1006 unclean"}));
    EXPECT_EQ(spoken.served.seen.sockets[0].handle.get(), nullptr);
    spoken.say(support::request(3, "/"));
    EXPECT_EQ(spoken.stream(3).status, 200);
  }
}

TEST(H2WebSocket, the_loss_of_the_connection_ends_all) {
  Spoken spoken;
  spoken.say(asked(1, "/socket/hold") + asked(3, "/socket/echo") + asked(5, "/socket/later"));
  spoken.served.engine.reset(spoken.peer);
  spoken.served.run();
  for (const SeenSocket& socket : spoken.served.seen.sockets) {
    EXPECT_EQ(socket.news, News{"closed:1006 unclean"});
  }
  EXPECT_EQ(spoken.served.seen.suspended.back().events, std::vector{ExchangeEvent::peer_lost});
}

TEST(H2WebSocket, WS_006_octets_that_come_before_the_answer_wait_for_it) {
  Spoken spoken;
  spoken.say(asked(1, "/socket/later") + data(1, text("early"), false));
  EXPECT_EQ(spoken.stream(1).status, 0);
  SeenSocket& socket =
      accept_later(spoken.served.seen, spoken.served.seen.suspended.at(0), {.subprotocol = ""});
  socket.echoes = true;
  spoken.pass_ms(1);
  EXPECT_EQ(spoken.stream(1).status, 200);
  EXPECT_EQ(heard(spoken), "text:early");
}

TEST(H2WebSocket, a_handler_may_refuse_and_the_stream_is_a_response_then) {
  Spoken spoken;
  spoken.say(asked(1, "/socket/refuse") + data(1, text("early"), false));
  EXPECT_EQ(spoken.stream(1).status, 403);
  EXPECT_TRUE(spoken.stream(1).ended);
  spoken.say(asked(3, "/socket/later"));
  answer_later(spoken.served.seen.suspended.at(0), "no");
  spoken.pass_ms(1);
  EXPECT_EQ(spoken.stream(3).status, 200);
  EXPECT_EQ(spoken.stream(3).body, "no");
  EXPECT_TRUE(spoken.stream(3).ended);
}

TEST(H2WebSocket, what_is_offered_is_agreed_on) {
  Spoken spoken;
  spoken.say(asked(1, "/socket/later",
                   {{"sec-websocket-protocol", "one, two"},
                    {"sec-websocket-extensions", "permessage-deflate"}}));
  const FieldView field{"x-own", "1"};
  accept_later(spoken.served.seen, spoken.served.seen.suspended.at(0),
               {.subprotocol = "two", .fields = {&field, 1}});
  spoken.pass_ms(1);
  EXPECT_EQ(value_of(spoken.stream(1).fields, "sec-websocket-protocol"), "two");
  EXPECT_TRUE(value_of(spoken.stream(1).fields, "sec-websocket-extensions")
                  .starts_with("permessage-deflate"));
  EXPECT_EQ(value_of(spoken.stream(1).fields, "x-own"), "1");
}

TEST(H2WebSocket, WS_002_WS_004_handshakes_that_are_refused) {
  Spoken spoken;
  FieldList old = asking("/socket/echo");
  old.back().second = "8";
  spoken.say(headers(1, old, false));
  EXPECT_EQ(spoken.stream(1).status, 426);
  spoken.say(asked(3, "/socket/echo", {{"origin", "http://elsewhere"}}));
  EXPECT_EQ(spoken.stream(3).status, 403);
  spoken.say(asked(5, "/socket/echo", {{"origin", "http://a"}}));
  EXPECT_EQ(spoken.stream(5).status, 200);
  spoken.say(asked(7, "/nowhere"));
  EXPECT_EQ(spoken.stream(7).status, 404);
  FieldList other = asking("/socket/echo");
  other[1].second = "connect-udp";
  spoken.say(headers(9, other, false));
  EXPECT_EQ(spoken.stream(9).status, 501);
  FieldList get = asking("/socket/echo");
  get[0].second = "GET";
  spoken.say(headers(11, get, false));
  EXPECT_EQ(spoken.stream(11).code, ErrorCode::protocol_error);
  EXPECT_EQ(spoken.served.seen.sockets.size(), 1u);
}

TEST(H2WebSocket, WS_032_a_broken_rule_ends_the_stream) {
  Spoken spoken;
  spoken.say(asked(1, "/socket/echo") +
             data(1, text("a") + websocket::frame({.payload = "b", .masked = false}), false));
  spoken.pass_ms(100);
  EXPECT_EQ(heard(spoken), "text:a close:1002");
  EXPECT_TRUE(spoken.stream(1).ended);
  spoken.say(support::request(3, "/"));
  EXPECT_EQ(spoken.stream(3).status, 200);
}

TEST(H2WebSocket, WS_053_a_handler_that_does_not_read_keeps_the_window_narrow) {
  ServerConfig config;
  config.h2_stream_window_bytes = 65'535;
  Spoken spoken(config);
  spoken.say(asked(1, "/socket/hold"));
  SeenSocket& socket = spoken.served.seen.sockets.at(0);
  socket.handle.get()->set_undelivered(1000, 10'000'000);
  const std::size_t before = spoken.came.counts[FrameType::window_update];
  for (int count = 0; count < 4; ++count) {
    spoken.say(data(1, text(std::string(16'000, 'x')), false));
  }
  EXPECT_TRUE(socket.news.empty());
  EXPECT_EQ(spoken.came.counts[FrameType::window_update], before);
  socket.handle.get()->set_undelivered(0, 0);
  spoken.pass_ms(1);
  EXPECT_EQ(socket.news.size(), 4u);
  EXPECT_GT(spoken.came.counts[FrameType::window_update], before);
}

TEST(H2WebSocket, a_client_that_does_not_read_backs_up_its_own_stream_alone) {
  Spoken spoken;
  spoken.say(asked(1, "/socket/hold"));
  WebSocket& socket = *spoken.served.seen.sockets.at(0).handle.get();
  const std::string piece(32'000, 'x');
  SendOutcome outcome = SendOutcome::queued;
  for (int count = 0; count < 100 && outcome == SendOutcome::queued; ++count) {
    outcome = socket.send(MessageKind::binary, piece);
    spoken.pass_ms(1);
  }
  EXPECT_EQ(outcome, SendOutcome::queued_high);
  spoken.say(support::window_update(0, 1'000'000) + support::request(3, "/"));
  EXPECT_EQ(spoken.stream(3).status, 200);
  spoken.say(support::window_update(1, 1'000'000));
  spoken.pass_ms(1);
  EXPECT_EQ(spoken.served.seen.sockets[0].news, News{"writable"});
}

TEST(H2WebSocket, PRC_014_a_stop_closes_with_1001) {
  Spoken spoken;
  spoken.say(asked(1, "/socket/hold"));
  spoken.served.server.stop();
  spoken.pass_ms(1);
  EXPECT_EQ(heard(spoken), "close:1001");
  spoken.say(data(1, websocket::close(1001), false));
  EXPECT_TRUE(spoken.stream(1).ended);
  spoken.pass_ms(1100);
  EXPECT_TRUE(spoken.came.went_away);
  EXPECT_TRUE(spoken.closed());
}

TEST(H2WebSocket, WS_051_a_silent_peer_is_pinged_and_closed) {
  ServerConfig config;
  config.websocket_ping_interval_ms = 1000;
  config.websocket_ping_timeout_ms = 500;
  Spoken spoken(config);
  spoken.say(asked(1, "/socket/hold"));
  spoken.pass_ms(1100);
  EXPECT_EQ(heard(spoken), "ping:");
  spoken.say(data(1, websocket::frame({.opcode = 10}), false));
  spoken.pass_ms(1100);
  EXPECT_EQ(heard(spoken), "ping:");
  spoken.pass_ms(600);
  EXPECT_EQ(heard(spoken), "close:1011");
  EXPECT_TRUE(spoken.stream(1).ended);
}

TEST(H2WebSocket, SEG_006_however_octets_are_cut_the_messages_are_the_same) {
  const std::string frames = text("h\xc3\xa9llo") +
                             websocket::frame({.opcode = 9, .payload = "p"}) +
                             binary(std::string(300, 'y')) + websocket::close(3000, "end");
  const std::string whole = asked(1, "/socket/echo") + data(1, frames, false);
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    Spoken spoken;
    spoken.say(whole.substr(0, cut));
    spoken.say(whole.substr(cut));
    ASSERT_EQ(heard(spoken),
              "text:h\xc3\xa9llo pong:p binary:" + std::string(300, 'y') + " close:3000")
        << cut;
    ASSERT_TRUE(spoken.stream(1).ended) << cut;
  }
}

}  // namespace
}  // namespace pelton::http
