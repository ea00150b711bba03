// How a request becomes a WebSocket, or does not: the handshake through the whole server.
#include "socketed.hpp"

namespace pelton::http {
namespace {

using websocket::binary;
using websocket::frame;
using websocket::handshake;
using websocket::text;
using websocket::told;

TEST(WebsocketHandshake, WS_001_WS_007_the_handshake_is_answered_with_exactly_what_belongs_to_it) {
  Served served;
  const uring::Peer peer = served.connect();
  std::string head = served.send(peer, handshake("/socket/echo"));
  head.erase(head.find("Date: "), 37);
  EXPECT_EQ(head,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
}

TEST(WebsocketHandshake, WS_001_a_plain_request_to_a_route_for_websockets_only) {
  Served served;
  for (const std::string& request :
       {std::string("GET /socket/echo HTTP/1.1\r\nHost: a\r\n\r\n"),
        std::string("POST /socket/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"),
        std::string("GET /socket/echo HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n")}) {
    const std::string answer = served.answer(request);
    EXPECT_EQ(status_of(answer), 426);
    EXPECT_NE(answer.find("\r\nUpgrade: websocket\r\n"), std::string::npos);
    EXPECT_NE(answer.find("\r\nConnection: upgrade\r\n"), std::string::npos);
    EXPECT_EQ(answer.find("Connection: close"), std::string::npos);
  }
  EXPECT_EQ(served.count(Reason::answered_websocket_required), 3u);
  EXPECT_EQ(served.count(Reason::dropped_response_header), 0u);
}

TEST(WebsocketHandshake, H1_073_a_get_route_may_share_the_path) {
  Served served;
  EXPECT_EQ(body_of(served.answer("GET /both HTTP/1.1\r\nHost: a\r\n\r\n")), "hello");
  const std::string other =
      "GET /both HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n";
  EXPECT_EQ(body_of(served.answer(other)), "hello");
  const uring::Peer peer = open_socket(served, "/both");
  EXPECT_EQ(told(served.send(peer, text("a"))), "text:a");
  // And a path without one is served as if nothing had been asked.
  EXPECT_EQ(body_of(served.answer(handshake("/"))), "hello");
  EXPECT_EQ(status_of(served.answer(handshake("/nowhere"))), 404);
  // Its methods are those of requests.
  const std::string denied = served.answer("POST /both HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(status_of(denied), 405);
  EXPECT_NE(denied.find("Allow: GET, HEAD, OPTIONS\r\n"), std::string::npos);
}

TEST(WebsocketHandshake, WS_002_WS_003_WS_004_H1_075_handshakes_that_are_refused) {
  Served served;
  std::string old = handshake("/socket/echo");
  old.replace(old.find(": 13"), 4, ": 8");
  std::string answer = served.answer(old + text("never read"));
  EXPECT_EQ(status_of(answer), 426);
  EXPECT_NE(answer.find("Sec-WebSocket-Version: 13\r\n"), std::string::npos);
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(responses_in(answer).size(), 1u);
  EXPECT_EQ(served.count(Reason::refused_websocket_version), 1u);

  EXPECT_EQ(status_of(served.answer(handshake("/socket/echo", "Content-Length: 1\r\n"))), 400);
  EXPECT_EQ(status_of(served.answer(handshake("/socket/echo", "Sec-WebSocket-Key: a\r\n"))), 400);
  EXPECT_EQ(served.count(Reason::refused_websocket_handshake), 2u);

  EXPECT_EQ(status_of(served.answer(handshake("/socket/echo", "Origin: http://b\r\n"))), 403);
  EXPECT_EQ(served.count(Reason::refused_websocket_origin), 1u);
  open_socket(served, "/socket/echo", "Origin: http://a\r\n");
  EXPECT_EQ(served.seen.sockets.size(), 1u);
}

// A stop that goes on with what has arrived does not overrule that.
TEST(WebsocketHandshake, H1_074_PRC_018_behind_a_refusal_nothing_is_read_in_a_stop_either) {
  const std::string behind = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const std::string path : {"/socket/refuse", "/socket/later"}) {
    Served served;
    const uring::Peer peer = served.connect();
    served.send(peer, "GET /later/a HTTP/1.1\r\nHost: a\r\n\r\n" + handshake(path) + behind);
    served.server.stop();
    answer_later(served.seen.suspended.at(0), "first");
    served.run();
    if (served.seen.suspended.size() > 1) answer_later(served.seen.suspended[1], "no");
    served.run();
    EXPECT_EQ(responses_in(served.engine.take_sent(peer)).size(), 2u) << path;
    EXPECT_TRUE(served.engine.server_shutdown(peer));
  }
}

TEST(WebsocketHandshake, WS_006_H1_074_a_handler_may_refuse) {
  Served served;
  const std::string answer =
      served.answer(handshake("/socket/refuse") + "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(responses_in(answer).size(), 1u);
  EXPECT_EQ(status_of(answer), 403);
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(served.seen.calls, 1u);
  EXPECT_EQ(served.count(Reason::closed_upgrade_refused), 1u);

  const uring::Peer peer = served.connect();
  EXPECT_EQ(served.send(peer, handshake("/socket/later") + text("never read")), "");
  answer_later(served.seen.suspended.back(), "no");
  served.run();
  EXPECT_EQ(status_of(served.engine.take_sent(peer)), 200);
  EXPECT_TRUE(served.engine.server_shutdown(peer));
  EXPECT_EQ(served.count(Reason::closed_upgrade_refused), 2u);
}

TEST(WebsocketHandshake, WS_006_frames_ahead_of_the_accept_wait) {
  ServerConfig config;
  config.receive_credit_bytes = 10'000;
  Served served(config);
  const uring::Peer peer = served.connect();
  const std::size_t reading = served.engine.operations_in_flight();
  // Octets that would end a head, were they a request's.
  std::string frames;
  for (int index = 0; index < 40; ++index) frames += binary("\r\n\r\n\r\n\r\n");
  served.send(peer, handshake("/socket/later") + frames);
  EXPECT_EQ(served.engine.operations_in_flight(), reading);
  served.send(peer, binary(std::string(10'000, 'x')));
  EXPECT_LT(served.engine.operations_in_flight(), reading);
  SeenSocket& socket = accept_later(served.seen, served.seen.suspended.at(0));
  EXPECT_EQ(served.seen.suspended[0].handle.get(), nullptr);
  EXPECT_EQ(socket.news, News{});
  served.run();
  EXPECT_EQ(socket.news.size(), 41u);
  EXPECT_EQ(status_of(served.engine.take_sent(peer)), 101);
  EXPECT_EQ(served.engine.operations_in_flight(), reading);
  served.send(peer, text("on"));
  EXPECT_EQ(socket.news.back(), "text:on");
}

TEST(WebsocketHandshake, WS_005_WS_007_what_an_accept_may_say) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, handshake("/socket/later", "Sec-WebSocket-Protocol: chat, other\r\n"));
  Exchange& exchange = *served.seen.suspended.at(0).handle.get();
  EXPECT_EQ(exchange.accept_websocket({.subprotocol = "else"}, {}).fault, AcceptFault::protocol);
  EXPECT_EQ(served.count(Reason::fault_websocket_protocol), 1u);
  const FieldView bad{"a", "b\r\nc"};
  EXPECT_EQ(exchange.accept_websocket({.fields = {&bad, 1}}, {}).fault, AcceptFault::header);
  const FieldView cookie{"Set-Cookie", "a=b"};
  accept_later(served.seen, served.seen.suspended[0],
               {.subprotocol = "other", .fields = {&cookie, 1}, .message_bytes_max = 3});
  served.run();
  const std::string head = served.engine.take_sent(peer);
  EXPECT_NE(head.find("\r\nSec-WebSocket-Protocol: other\r\nSet-Cookie: a=b\r\n\r\n"),
            std::string::npos);
  EXPECT_EQ(told(served.send(peer, text("abc") + text("abcd"))), "close:1009");
  EXPECT_EQ(served.seen.sockets.at(0).news, (News{"text:abc", "closed:1009 unclean"}));
}

TEST(WebsocketHandshake, WS_060_WS_063_messages_may_be_deflated_both_ways) {
  Served served;
  const uring::Peer peer =
      open_socket(served, "/socket/echo", "Sec-WebSocket-Extensions: permessage-deflate\r\n");
  const std::string message(5000, 'a');
  const std::string octets = websocket::deflated(message);
  EXPECT_EQ(told(served.send(peer, frame({.payload = octets, .reserved = 4}))), "ztext:" + message);
}

TEST(WebsocketHandshake, PRC_014_one_that_is_accepted_during_a_stop_ends_at_once) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, handshake("/socket/later"));
  served.server.stop();
  served.run();
  SeenSocket& socket = accept_later(served.seen, served.seen.suspended.at(0));
  served.run();
  EXPECT_EQ(told(behind_head(served.engine.take_sent(peer))), "close:1001");
  EXPECT_EQ(socket.news, News{"closed:1001"});
}

TEST(WebsocketHandshake, H1_073_pipelined_requests_ahead_of_the_handshake_are_answered) {
  Served served;
  const uring::Peer peer = served.connect();
  const std::string received = served.send(
      peer, "GET / HTTP/1.1\r\nHost: a\r\n\r\n" + handshake("/socket/echo") + text("a"));
  EXPECT_EQ(status_of(received), 200);
  const std::size_t at = received.find("HTTP/1.1 101");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(told(behind_head(received.substr(at))), "text:a");
}

}  // namespace
}  // namespace pelton::http
