// The upgraded half of http/serve/connection.
#include "logged.hpp"
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

}  // namespace
}  // namespace noria::http
