// The upgraded half of http/serve/connection.
#include "served.hpp"
#include "tests/http/websocket/client.hpp"

namespace noria::http {
namespace {

using websocket::binary;
using websocket::frame;
using websocket::handshake;
using websocket::text;
using websocket::told;
using News = std::vector<std::string>;

// What came behind the head of the 101.
std::string behind_head(std::string_view octets) {
  return std::string(octets.substr(octets.find("\r\n\r\n") + 4));
}

uring::Peer open(Served& served, std::string_view path = "/socket/echo",
                 std::string_view lines = {}) {
  const uring::Peer peer = served.connect();
  const std::string head = served.send(peer, handshake(path, lines));
  EXPECT_EQ(status_of(head), 101);
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  return peer;
}

TEST(ConnectionWebsocket, WS_001_WS_007_the_handshake_is_answered_with_exactly_what_belongs_to_it) {
  Served served;
  const uring::Peer peer = served.connect();
  std::string head = served.send(peer, handshake("/socket/echo"));
  head.erase(head.find("Date: "), 37);
  EXPECT_EQ(head,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
}

TEST(ConnectionWebsocket, WS_018_messages_go_both_ways) {
  Served served;
  const uring::Peer peer = open(served);
  EXPECT_EQ(told(served.send(peer, text("hello"))), "text:hello");
  EXPECT_EQ(told(served.send(peer, binary("a") + text("") + text("b"))), "binary:a text: text:b");
  const std::string large(100'000, 'x');
  EXPECT_EQ(told(served.send(peer, text(large))), "text:" + large);
  EXPECT_EQ(served.seen.sockets.at(0).news.size(), 5u);
  EXPECT_EQ(told(served.send(peer, websocket::close(1000, "bye"))), "close:1000");
  EXPECT_EQ(served.seen.sockets[0].news.back(), "closed:1000 bye");
  EXPECT_TRUE(served.engine.server_shutdown(peer));
  EXPECT_EQ(served.seen.sockets[0].handle.get(), nullptr);
}

TEST(ConnectionWebsocket, SEG_006_frames_may_come_in_any_pieces) {
  const std::string input = text("h\xc3\xa9llo") + frame({.opcode = 9, .payload = "p"}) +
                            frame({.payload = "a", .final = false}) +
                            frame({.opcode = 0, .payload = "b"}) + binary(std::string(300, 'y')) +
                            websocket::close(3000, "end");
  const std::string head = handshake("/socket/echo");
  const std::string whole = head + input;
  Served served;
  const uring::Peer first = served.connect();
  const std::string expected = told(behind_head(served.send(first, whole)));
  EXPECT_EQ(expected, "text:h\xc3\xa9llo pong:p text:ab binary:" + std::string(300, 'y') +
                          " close:3000");
  const News news = served.seen.sockets.at(0).news;
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    const uring::Peer peer = served.connect();
    std::string received = served.send(peer, whole.substr(0, cut));
    received += served.send(peer, whole.substr(cut));
    EXPECT_EQ(told(behind_head(received)), expected) << cut;
    EXPECT_EQ(served.seen.sockets.back().news, news) << cut;
  }
  const uring::Peer peer = served.connect();
  std::string received;
  for (const char octet : whole) received += served.send(peer, {&octet, 1});
  EXPECT_EQ(told(behind_head(received)), expected);
}

TEST(ConnectionWebsocket, WS_001_a_plain_request_to_a_route_for_websockets_only) {
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

TEST(ConnectionWebsocket, H1_073_a_get_route_may_share_the_path) {
  Served served;
  EXPECT_EQ(body_of(served.answer("GET /both HTTP/1.1\r\nHost: a\r\n\r\n")), "hello");
  const std::string other = "GET /both HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n";
  EXPECT_EQ(body_of(served.answer(other)), "hello");
  const uring::Peer peer = open(served, "/both");
  EXPECT_EQ(told(served.send(peer, text("a"))), "text:a");
  // And a path without one is served as if nothing had been asked.
  EXPECT_EQ(body_of(served.answer(handshake("/"))), "hello");
  EXPECT_EQ(status_of(served.answer(handshake("/nowhere"))), 404);
  // Its methods are those of requests.
  const std::string denied = served.answer("POST /both HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(status_of(denied), 405);
  EXPECT_NE(denied.find("Allow: GET, HEAD, OPTIONS\r\n"), std::string::npos);
}

TEST(ConnectionWebsocket, WS_002_WS_003_WS_004_H1_075_handshakes_that_are_refused) {
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
  open(served, "/socket/echo", "Origin: http://a\r\n");
  EXPECT_EQ(served.seen.sockets.size(), 1u);
}

TEST(ConnectionWebsocket, WS_006_H1_074_a_handler_may_refuse) {
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

TEST(ConnectionWebsocket, WS_006_frames_ahead_of_the_accept_wait) {
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

TEST(ConnectionWebsocket, WS_005_WS_007_what_an_accept_may_say) {
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

TEST(ConnectionWebsocket, WS_060_WS_063_messages_may_be_deflated_both_ways) {
  Served served;
  const uring::Peer peer =
      open(served, "/socket/echo", "Sec-WebSocket-Extensions: permessage-deflate\r\n");
  const std::string message(5000, 'a');
  const std::string octets = websocket::deflated(message);
  EXPECT_EQ(told(served.send(peer, frame({.payload = octets, .reserved = 4}))), "ztext:" + message);
}

TEST(ConnectionWebsocket, WS_031_the_server_closes_first_and_lingers_for_the_peer) {
  Served served;
  const uring::Peer peer = open(served);
  EXPECT_EQ(told(served.send(peer, websocket::close(1000))), "close:1000");
  EXPECT_TRUE(served.engine.server_shutdown(peer));
  EXPECT_FALSE(served.engine.closed(peer));
  served.engine.finish(peer);
  served.run();
  EXPECT_TRUE(served.engine.closed(peer));
}

TEST(ConnectionWebsocket, WS_031_ours_is_sent_and_the_peers_awaited) {
  Served served;
  const uring::Peer peer = open(served);
  SeenSocket& socket = served.seen.sockets.at(0);
  EXPECT_EQ(socket.handle.get()->close(3000, "over"), CloseFault::none);
  served.run();
  EXPECT_EQ(told(served.engine.take_sent(peer)), "close:3000over");
  EXPECT_FALSE(served.engine.server_shutdown(peer));
  served.send(peer, text("late") + websocket::close(3000, "over"));
  EXPECT_EQ(socket.news, News{"closed:3000 over"});
  EXPECT_TRUE(served.engine.server_shutdown(peer));
}

TEST(ConnectionWebsocket, WS_031_a_peer_that_does_not_answer_is_cut) {
  Served served;
  const uring::Peer peer = open(served);
  served.seen.sockets.at(0).handle.get()->close(1000, "");
  served.run();
  served.pass_ms(4900);
  EXPECT_FALSE(served.engine.closed(peer));
  served.pass_ms(200);
  EXPECT_TRUE(served.engine.closed(peer));
  EXPECT_EQ(served.seen.sockets[0].news, News{"closed:1006 unclean"});
  EXPECT_EQ(served.count(Reason::cut_websocket_close_timeout), 1u);
}

TEST(ConnectionWebsocket, WS_032_behind_a_broken_rule_nothing_is_read) {
  Served served;
  const uring::Peer peer = open(served);
  const std::string received =
      served.send(peer, text("a") + frame({.masked = false}) + text("never read"));
  EXPECT_EQ(told(received), "text:a close:1002");
  EXPECT_EQ(served.seen.sockets.at(0).news, (News{"text:a", "closed:1002 unclean"}));
  EXPECT_TRUE(served.engine.server_shutdown(peer));
  EXPECT_EQ(served.count(Reason::cut_websocket_protocol), 1u);
}

TEST(ConnectionWebsocket, WS_033_WS_034_a_fin_or_a_reset_without_a_close_is_1006) {
  for (const bool resets : {false, true}) {
    Served served;
    const uring::Peer peer = open(served);
    served.send(peer, text("half").substr(0, 4));
    resets ? served.engine.reset(peer) : served.engine.finish(peer);
    served.run();
    EXPECT_EQ(served.seen.sockets.at(0).news, News{"closed:1006 unclean"});
    EXPECT_EQ(served.seen.sockets[0].handle.get(), nullptr);
    EXPECT_EQ(served.count(resets ? Reason::lost_reset : Reason::closed_by_peer), 1u);
    EXPECT_EQ(served.server.connections_live(), 0u);
  }
}

TEST(ConnectionWebsocket, WS_034_one_that_is_lost_ahead_of_its_first_turn_is_told_too) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, handshake("/socket/later"));
  SeenSocket& socket = accept_later(served.seen, served.seen.suspended.at(0));
  served.engine.reset(peer);
  served.run();
  EXPECT_EQ(socket.news, News{"closed:1006 unclean"});
  EXPECT_EQ(served.server.connections_live(), 0u);
}

TEST(ConnectionWebsocket, PRC_014_a_stop_says_1001) {
  Served served;
  const uring::Peer peer = open(served);
  served.server.stop();
  served.run();
  EXPECT_EQ(told(served.engine.take_sent(peer)), "close:1001");
  EXPECT_EQ(served.seen.sockets.at(0).news, News{"closed:1001"});
  served.send(peer, websocket::close(1001));
  EXPECT_TRUE(served.engine.server_shutdown(peer));
}

TEST(ConnectionWebsocket, PRC_014_one_that_is_accepted_during_a_stop_ends_at_once) {
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

TEST(ConnectionWebsocket, WS_050_a_silent_peer_is_pinged_and_then_closed) {
  Served served;
  const uring::Peer peer = open(served);
  served.pass_ms(19'000);
  EXPECT_EQ(served.engine.take_sent(peer), "");
  served.pass_ms(2000);
  EXPECT_EQ(told(served.engine.take_sent(peer)), "ping:");
  served.send(peer, frame({.opcode = 10}));
  served.pass_ms(19'000);
  served.pass_ms(2000);
  EXPECT_EQ(told(served.engine.take_sent(peer)), "ping:");
  for (int second = 0; second < 21; ++second) served.pass_ms(1000);
  EXPECT_EQ(told(served.engine.take_sent(peer)), "close:1011");
  EXPECT_EQ(served.seen.sockets.at(0).news, (News{"pong:", "closed:1011 unclean"}));
}

TEST(ConnectionWebsocket, WS_017_a_frame_that_never_ends_is_cut) {
  Served served;
  const uring::Peer peer = open(served);
  served.send(peer, binary(std::string(1000, 'x')).substr(0, 20));
  for (int second = 0; second < 4; ++second) served.pass_ms(1000);
  EXPECT_FALSE(served.engine.closed(peer));
  for (int second = 0; second < 2; ++second) served.pass_ms(1000);
  EXPECT_TRUE(served.engine.closed(peer));
  EXPECT_EQ(served.count(Reason::cut_websocket_slow), 1u);
}

TEST(ConnectionWebsocket, WS_051_a_peer_that_does_not_read_holds_back_the_sender) {
  Served served;
  const uring::Peer peer = open(served, "/socket/hold");
  served.engine.set_window(peer, 1000);
  SeenSocket& socket = served.seen.sockets.at(0);
  WebSocket& sender = *socket.handle.get();
  const std::string message(100'000, 'x');
  EXPECT_EQ(sender.send(MessageKind::binary, message), SendOutcome::queued);
  EXPECT_EQ(sender.send(MessageKind::binary, message), SendOutcome::queued);
  EXPECT_EQ(sender.send(MessageKind::binary, message), SendOutcome::queued_high);
  served.run();
  EXPECT_EQ(socket.news, News{});
  EXPECT_GE(sender.buffered_bytes(), 299'000u);
  std::string received;
  for (int turn = 0; turn < 1000 && socket.news.empty(); ++turn) {
    received += served.engine.take_sent(peer);
    served.run();
  }
  EXPECT_EQ(socket.news, News{"writable"});
  EXPECT_LE(sender.buffered_bytes(), 65'536u);
  for (int turn = 0; turn < 1000 && sender.buffered_bytes() != 0; ++turn) {
    received += served.engine.take_sent(peer);
    served.run();
  }
  received += served.engine.take_sent(peer);
  EXPECT_EQ(websocket::frames_in(received).size(), 3u);
}

TEST(ConnectionWebsocket, WS_051_who_sends_without_end_gives_way_each_turn) {
  Served served;
  const uring::Peer peer = open(served, "/socket/hold");
  SeenSocket& socket = served.seen.sockets.at(0);
  const std::string message(300'000, 'x');
  for (int turn = 1; turn <= 3; ++turn) {
    EXPECT_EQ(socket.handle.get()->send(MessageKind::binary, message), SendOutcome::queued_high);
    served.run();
    EXPECT_EQ(socket.news.size(), static_cast<std::size_t>(turn));
    EXPECT_EQ(websocket::frames_in(served.engine.take_sent(peer)).size(), 1u);
  }
}

TEST(ConnectionWebsocket, WS_053_undelivered_messages_hold_back_the_peer) {
  Served served;
  const uring::Peer peer = open(served, "/socket/hold");
  SeenSocket& socket = served.seen.sockets.at(0);
  const std::size_t reading = served.engine.operations_in_flight();
  socket.handle.get()->set_undelivered(33, 0);
  served.run();
  EXPECT_LT(served.engine.operations_in_flight(), reading);
  std::string octets;
  for (int index = 0; index < 100; ++index) octets += text(std::to_string(index));
  served.send(peer, octets);
  served.engine.finish(peer);
  served.run();
  EXPECT_EQ(socket.news, News{});
  socket.handle.get()->set_undelivered(32, 0);
  served.run();
  // Everything that came ahead of the FIN is told ahead of the end.
  ASSERT_EQ(socket.news.size(), 101u);
  EXPECT_EQ(socket.news[99], "text:99");
  EXPECT_EQ(socket.news[100], "closed:1006 unclean");
}

// What the owner asks for within its listener takes effect at once, in the middle of what came.
TEST(ConnectionWebsocket, WS_053_a_pause_stops_between_two_messages_of_one_receive) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, handshake("/socket/later"));
  struct Holder {
    std::size_t held = 0;
    WebSocketHandle handle;
  } holder;
  const auto hold = [](void* context, WebSocket& socket, const WebSocketNews& news) {
    if (news.event != WebSocketEvent::text) return;
    socket.set_undelivered(++static_cast<Holder*>(context)->held, 0);
  };
  holder.handle = served.seen.suspended.at(0)
                      .handle.get()
                      ->accept_websocket({}, {.call = hold, .context = &holder})
                      .socket;
  served.run();
  std::string octets;
  for (int index = 0; index < 100; ++index) octets += text("m");
  served.send(peer, octets);
  EXPECT_EQ(holder.held, 33u);
  for (std::size_t told = 34; told <= 100; ++told) {
    holder.handle.get()->set_undelivered(--holder.held, 0);
    served.run();
    EXPECT_EQ(holder.held, 33u) << told;
  }
}

TEST(ConnectionWebsocket, CON_045_a_reset_is_noticed_while_nothing_is_read) {
  Served served;
  const uring::Peer peer = open(served, "/socket/hold");
  SeenSocket& socket = served.seen.sockets.at(0);
  socket.handle.get()->set_undelivered(33, 0);
  served.run();
  served.engine.reset(peer);
  served.pass_ms(1000);
  EXPECT_EQ(socket.news, News{"closed:1006 unclean"});
}

TEST(ConnectionWebsocket, H1_073_pipelined_requests_ahead_of_the_handshake_are_answered) {
  Served served;
  const uring::Peer peer = served.connect();
  const std::string received =
      served.send(peer, "GET / HTTP/1.1\r\nHost: a\r\n\r\n" + handshake("/socket/echo") + text("a"));
  EXPECT_EQ(status_of(received), 200);
  const std::size_t at = received.find("HTTP/1.1 101");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(told(behind_head(received.substr(at))), "text:a");
}

}  // namespace
}  // namespace noria::http
