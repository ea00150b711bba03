// The upgraded half of http/serve/connection.
#include "../socketed.hpp"

namespace pelton::http {
namespace {

using websocket::binary;
using websocket::frame;
using websocket::handshake;
using websocket::text;
using websocket::told;

TEST(WebSocketSessions, WS_018_messages_go_both_ways) {
  Served served;
  const uring::Peer peer = open_socket(served);
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

TEST(WebSocketSessions, SEG_006_frames_may_come_in_any_pieces) {
  const std::string input = text("h\xc3\xa9llo") + frame({.opcode = 9, .payload = "p"}) +
                            frame({.payload = "a", .final = false}) +
                            frame({.opcode = 0, .payload = "b"}) + binary(std::string(300, 'y')) +
                            websocket::close(3000, "end");
  const std::string head = handshake("/socket/echo");
  const std::string whole = head + input;
  Served served;
  const uring::Peer first = served.connect();
  const std::string expected = told(behind_head(served.send(first, whole)));
  EXPECT_EQ(expected,
            "text:h\xc3\xa9llo pong:p text:ab binary:" + std::string(300, 'y') + " close:3000");
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

TEST(WebSocketSessions, WS_031_the_server_closes_first_and_lingers_for_the_peer) {
  Served served;
  const uring::Peer peer = open_socket(served);
  EXPECT_EQ(told(served.send(peer, websocket::close(1000))), "close:1000");
  EXPECT_TRUE(served.engine.server_shutdown(peer));
  EXPECT_FALSE(served.engine.closed(peer));
  served.engine.finish(peer);
  served.run();
  EXPECT_TRUE(served.engine.closed(peer));
}

TEST(WebSocketSessions, WS_031_ours_is_sent_and_the_peers_awaited) {
  Served served;
  const uring::Peer peer = open_socket(served);
  SeenSocket& socket = served.seen.sockets.at(0);
  EXPECT_EQ(socket.handle.get()->close(3000, "over"), CloseFault::none);
  served.run();
  EXPECT_EQ(told(served.engine.take_sent(peer)), "close:3000over");
  EXPECT_FALSE(served.engine.server_shutdown(peer));
  served.send(peer, text("late") + websocket::close(3000, "over"));
  EXPECT_EQ(socket.news, News{"closed:3000 over"});
  EXPECT_TRUE(served.engine.server_shutdown(peer));
}

TEST(WebSocketSessions, WS_031_a_peer_that_does_not_answer_is_cut) {
  Served served;
  const uring::Peer peer = open_socket(served);
  served.seen.sockets.at(0).handle.get()->close(1000, "");
  served.run();
  served.pass_ms(4900);
  EXPECT_FALSE(served.engine.closed(peer));
  served.pass_ms(200);
  EXPECT_TRUE(served.engine.closed(peer));
  EXPECT_EQ(served.seen.sockets[0].news, News{"closed:1006 unclean"});
  EXPECT_EQ(served.count(Reason::cut_websocket_close_timeout), 1u);
}

TEST(WebSocketSessions, WS_031_a_peer_that_reads_slowly_gets_all_that_was_sent_before_the_close) {
  Served served;
  const uring::Peer peer = open_socket(served, "/socket/hold");
  served.engine.set_window(peer, 10'000);
  WebSocket& sender = *served.seen.sockets.at(0).handle.get();
  const std::string message(100'000, 'x');
  sender.send(MessageKind::binary, message);
  sender.close(1000, "");
  served.run();
  std::string received;
  for (int second = 0; second < 12; ++second) {
    served.pass_ms(1000);
    received += served.engine.take_sent(peer);
    served.run();
  }
  EXPECT_EQ(told(received), "binary:" + message + " close:1000");
  EXPECT_FALSE(served.engine.closed(peer));
  for (int second = 0; second < 6; ++second) served.pass_ms(1000);
  EXPECT_EQ(served.count(Reason::cut_websocket_close_timeout), 1u);
  EXPECT_TRUE(served.engine.closed(peer));
  EXPECT_FALSE(served.engine.server_reset(peer));
}

TEST(WebSocketSessions, WS_032_behind_a_broken_rule_nothing_is_read) {
  Served served;
  const uring::Peer peer = open_socket(served);
  const std::string received =
      served.send(peer, text("a") + frame({.masked = false}) + text("never read"));
  EXPECT_EQ(told(received), "text:a close:1002");
  EXPECT_EQ(served.seen.sockets.at(0).news, (News{"text:a", "closed:1002 unclean"}));
  EXPECT_TRUE(served.engine.server_shutdown(peer));
  EXPECT_EQ(served.count(Reason::cut_websocket_protocol), 1u);
}

TEST(WebSocketSessions, WS_033_WS_034_a_fin_or_a_reset_without_a_close_is_1006) {
  for (const bool resets : {false, true}) {
    Served served;
    const uring::Peer peer = open_socket(served);
    served.send(peer, text("half").substr(0, 4));
    resets ? served.engine.reset(peer) : served.engine.finish(peer);
    served.run();
    EXPECT_EQ(served.seen.sockets.at(0).news, News{"closed:1006 unclean"});
    EXPECT_EQ(served.seen.sockets[0].handle.get(), nullptr);
    EXPECT_EQ(served.count(resets ? Reason::lost_reset : Reason::closed_by_peer), 1u);
    EXPECT_EQ(served.server.connections_live(), 0u);
  }
}

TEST(WebSocketSessions, WS_034_one_that_is_lost_ahead_of_its_first_turn_is_told_too) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, handshake("/socket/later"));
  SeenSocket& socket = accept_later(served.seen, served.seen.suspended.at(0));
  served.engine.reset(peer);
  served.run();
  EXPECT_EQ(socket.news, News{"closed:1006 unclean"});
  EXPECT_EQ(served.server.connections_live(), 0u);
}

TEST(WebSocketSessions, PRC_014_a_stop_says_1001) {
  Served served;
  const uring::Peer peer = open_socket(served);
  served.server.stop();
  served.run();
  EXPECT_EQ(told(served.engine.take_sent(peer)), "close:1001");
  EXPECT_EQ(served.seen.sockets.at(0).news, News{"closed:1001"});
  served.send(peer, websocket::close(1001));
  EXPECT_TRUE(served.engine.server_shutdown(peer));
}

TEST(WebSocketSessions, WS_050_a_silent_peer_is_pinged_and_then_closed) {
  Served served;
  const uring::Peer peer = open_socket(served);
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

TEST(WebSocketSessions, WS_017_a_frame_that_never_ends_is_cut) {
  Served served;
  const uring::Peer peer = open_socket(served);
  served.send(peer, binary(std::string(1000, 'x')).substr(0, 20));
  for (int second = 0; second < 4; ++second) served.pass_ms(1000);
  EXPECT_FALSE(served.engine.closed(peer));
  for (int second = 0; second < 2; ++second) served.pass_ms(1000);
  EXPECT_TRUE(served.engine.closed(peer));
  EXPECT_EQ(served.count(Reason::cut_websocket_slow), 1u);
}

TEST(WebSocketSessions, WS_051_a_peer_that_does_not_read_holds_back_the_sender) {
  Served served;
  const uring::Peer peer = open_socket(served, "/socket/hold");
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

TEST(WebSocketSessions, WS_051_who_sends_without_end_gives_way_each_turn) {
  Served served;
  const uring::Peer peer = open_socket(served, "/socket/hold");
  SeenSocket& socket = served.seen.sockets.at(0);
  const std::string message(300'000, 'x');
  for (int turn = 1; turn <= 3; ++turn) {
    EXPECT_EQ(socket.handle.get()->send(MessageKind::binary, message), SendOutcome::queued_high);
    served.run();
    EXPECT_EQ(socket.news.size(), static_cast<std::size_t>(turn));
    EXPECT_EQ(websocket::frames_in(served.engine.take_sent(peer)).size(), 1u);
  }
}

TEST(WebSocketSessions, WS_053_undelivered_messages_hold_back_the_peer) {
  Served served;
  const uring::Peer peer = open_socket(served, "/socket/hold");
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
TEST(WebSocketSessions, WS_053_a_pause_stops_between_two_messages_of_one_receive) {
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

TEST(WebSocketSessions, WS_032_what_waited_ahead_of_a_broken_rule_may_be_answered) {
  Served served;
  const uring::Peer peer = served.connect();
  served.send(peer, handshake("/socket/later"));
  WebSocketHandle handle;
  std::size_t held = 32;  // one less than is too much
  const auto hold = [](void* context, WebSocket& socket, const WebSocketNews& news) {
    if (news.event != WebSocketEvent::text) return;
    socket.set_undelivered(++*static_cast<std::size_t*>(context), 0);
  };
  handle = served.seen.suspended.at(0)
               .handle.get()
               ->accept_websocket({}, {.call = hold, .context = &held})
               .socket;
  served.run();
  served.send(peer, text("a") + text("b") + frame({.masked = false}) + text("c"));
  ASSERT_EQ(held, 33u);
  handle.get()->set_undelivered(held = 30, 0);
  served.run();
  EXPECT_EQ(held, 31u);
  ASSERT_NE(handle.get(), nullptr);
  EXPECT_EQ(handle.get()->send(MessageKind::text, "b"), SendOutcome::queued);
  served.pass_ms(2);
  EXPECT_EQ(told(served.engine.take_sent(peer)), "text:b close:1002");
  EXPECT_EQ(handle.get(), nullptr);
  EXPECT_EQ(held, 31u);
}

TEST(WebSocketSessions, WS_032_what_came_with_the_handshake_may_be_answered) {
  Served served;
  const uring::Peer peer = served.connect();
  std::string frames = text("a");
  for (int count = 0; count < 17; ++count) frames += frame({.opcode = 9});  // one waits
  frames += frame({.masked = false}) + text("c");
  served.send(peer, handshake("/socket/later") + frames);
  SeenSocket& socket = accept_later(served.seen, served.seen.suspended.at(0));
  served.run();
  EXPECT_EQ(socket.news, News{"text:a"});
  EXPECT_EQ(status_of(served.engine.take_sent(peer)), 101);
  ASSERT_NE(socket.handle.get(), nullptr);
  EXPECT_EQ(socket.handle.get()->send(MessageKind::text, "b"), SendOutcome::queued);
  served.pass_ms(2);
  EXPECT_EQ(told(served.engine.take_sent(peer)), "text:b close:1002");
  EXPECT_EQ(socket.news, (News{"text:a", "closed:1002 unclean"}));
  EXPECT_EQ(served.count(Reason::cut_websocket_protocol), 1u);
}

TEST(WebSocketSessions, CON_045_a_reset_is_noticed_while_nothing_is_read) {
  Served served;
  const uring::Peer peer = open_socket(served, "/socket/hold");
  SeenSocket& socket = served.seen.sockets.at(0);
  socket.handle.get()->set_undelivered(33, 0);
  served.run();
  served.engine.reset(peer);
  served.pass_ms(1000);
  EXPECT_EQ(socket.news, News{"closed:1006 unclean"});
}

TEST(WebSocketSessions, CON_045_a_fin_is_noticed_while_nothing_is_read) {
  Served served;
  const uring::Peer peer = open_socket(served, "/socket/hold");
  SeenSocket& socket = served.seen.sockets.at(0);
  socket.handle.get()->set_undelivered(33, 0);
  served.run();
  served.send(peer, text("unread") + websocket::close(3001));
  EXPECT_FALSE(socket.handle.get()->closing());
  served.engine.finish(peer);
  served.pass_ms(1000);
  EXPECT_TRUE(socket.handle.get()->closing());
  EXPECT_EQ(socket.handle.get()->send(MessageKind::text, "a"), SendOutcome::closed);
  EXPECT_FALSE(socket.handle.get()->ping(""));
  EXPECT_EQ(socket.news, News{});
  socket.handle.get()->set_undelivered(32, 0);
  served.run();
  EXPECT_EQ(socket.news, (News{"text:unread", "closed:3001"}));
}

}  // namespace
}  // namespace pelton::http
