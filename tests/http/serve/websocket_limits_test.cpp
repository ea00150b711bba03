// LIM-210: every limit and timer of a WebSocket, met at n - 1, n and n + 1 through the whole
// server.
#include "socketed.hpp"

namespace pelton::http {
namespace {

using websocket::binary;
using websocket::ClientFrame;
using websocket::frame;
using websocket::text;
using websocket::told;

constexpr std::uint64_t tick_ms = TimerWheel::tick_ms;

TEST(WebsocketLimits, LIM_070_websocket_message_bytes_max) {
  for (const std::uint64_t n : {10u, 70'000u}) {
    ServerConfig config;
    config.websocket_message_bytes_max = n;
    Served served(config);
    const auto answer = [&](std::uint64_t bytes) {
      const uring::Peer peer = open_socket(served, "/socket/hold");
      served.send(peer, binary(std::string(bytes, 'x')));
      return served.seen.sockets.back().news.at(0).substr(0, 7);
    };
    EXPECT_EQ(answer(n - 1), "binary:");
    EXPECT_EQ(answer(n), "binary:");
    EXPECT_EQ(answer(n + 1), "closed:");
    EXPECT_EQ(served.count(Reason::cut_websocket_message_too_big), 1u);
  }
}

TEST(WebsocketLimits, LIM_071_websocket_fragments_max) {
  ServerConfig config;
  const std::uint64_t n = config.websocket_fragments_max = 5;
  Served served(config);
  const auto answer = [&](std::uint64_t fragments) {
    std::string octets;
    for (std::uint64_t index = 1; index <= fragments; ++index) {
      octets +=
          frame({.opcode = index == 1 ? 2u : 0u, .payload = "x", .final = index == fragments});
    }
    return told(served.send(open_socket(served), octets));
  };
  EXPECT_EQ(answer(n - 1), "binary:xxxx");
  EXPECT_EQ(answer(n), "binary:xxxxx");
  EXPECT_EQ(answer(n + 1), "close:1009");
  EXPECT_EQ(served.count(Reason::cut_websocket_fragments), 1u);
}

// What must not be sent until `n` milliseconds have passed, and then is.
template <typename Prepare>
void expect_sent(const ServerConfig& config, std::uint64_t n, Prepare prepare,
                 std::string_view sent) {
  Served served(config);
  const uring::Peer peer = open_socket(served);
  prepare(served, peer);
  served.engine.take_sent(peer);
  served.pass_ms(n - 1);
  EXPECT_EQ(served.engine.take_sent(peer), "");
  served.pass_ms(1);  // n itself may lie between two ticks
  served.pass_ms(tick_ms);
  EXPECT_EQ(told(served.engine.take_sent(peer)), sent);  // n + 1, to the tick
}

TEST(WebsocketLimits, LIM_073_websocket_ping_interval_ms) {
  ServerConfig config;
  for (const std::uint64_t n : {1000u, 20'000u}) {  // n - 1, n, n + 1
    config.websocket_ping_interval_ms = n;
    expect_sent(config, n, [](auto&, auto) {}, "ping:");
  }
}

TEST(WebsocketLimits, LIM_073_pings_may_be_left_out) {
  ServerConfig config;
  config.websocket_ping_interval_ms = no_limit;
  Served served(config);
  const uring::Peer peer = open_socket(served);
  for (int hour = 0; hour < 10; ++hour) served.pass_ms(3'600'000);
  EXPECT_EQ(served.engine.take_sent(peer), "");
  EXPECT_FALSE(served.engine.closed(peer));
}

TEST(WebsocketLimits, LIM_073_websocket_ping_timeout_ms) {
  ServerConfig config;
  config.websocket_ping_interval_ms = 1000;
  for (const std::uint64_t n : {500u, 20'000u}) {  // n - 1, n, n + 1
    config.websocket_ping_timeout_ms = n;
    expect_sent(
        config, n,
        [](auto& served, auto peer) {
          for (int tick = 0; tick < 30 && served.engine.take_sent(peer).empty(); ++tick) {
            served.pass_ms(tick_ms);
          }
        },
        "close:1011");
  }
}

TEST(WebsocketLimits, LIM_074_websocket_close_timeout_ms) {
  ServerConfig config;
  for (const std::uint64_t n : {300u, 5000u}) {  // n - 1, n, n + 1
    config.websocket_close_timeout_ms = n;
    Served served(config);
    const uring::Peer peer = open_socket(served);
    served.seen.sockets.at(0).handle.get()->close(1000, "");
    served.run();
    served.pass_ms(n - 1);
    EXPECT_FALSE(served.engine.closed(peer));
    served.pass_ms(1 + tick_ms);
    EXPECT_TRUE(served.engine.closed(peer));
    EXPECT_EQ(served.count(Reason::cut_websocket_close_timeout), 1u);
  }
}

TEST(WebsocketLimits, LIM_076_websocket_inflate_ratio_max) {
  ServerConfig config;
  config.websocket_message_bytes_max = 4 << 20;
  const std::string bomb = websocket::deflated(std::string(4 << 20, 'a'));
  const auto goes_through = [&](std::uint64_t ratio) {
    config.websocket_inflate_ratio_max = ratio;
    Served served(config);
    const uring::Peer peer =
        open_socket(served, "/socket/hold", "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    served.send(peer, frame({.opcode = 2, .payload = bomb, .reserved = 4}));
    EXPECT_EQ(served.seen.sockets.at(0).news.size(), 1u);
    const bool through = served.seen.sockets[0].news.at(0).starts_with("binary:");
    EXPECT_EQ(served.count(Reason::cut_websocket_inflate), through ? 0u : 1u);
    return through;
  };
  // The message's own density is the first ratio that bears it.
  std::uint64_t n = 1;
  for (std::uint64_t above = 4096; n < above;) {
    const std::uint64_t middle = (n + above) / 2;
    goes_through(middle) ? above = middle : n = middle + 1;
  }
  EXPECT_NEAR(static_cast<double>(n), static_cast<double>(4 << 20) / bomb.size(), n * 0.05);
  EXPECT_FALSE(goes_through(n - 1));
  EXPECT_TRUE(goes_through(n));
  EXPECT_TRUE(goes_through(n + 1));
}

TEST(WebsocketLimits, LIM_078_websocket_receive_messages_max) {
  ServerConfig config;
  const std::uint64_t n = config.websocket_receive_messages_max = 4;
  Served served(config);
  const uring::Peer peer = open_socket(served, "/socket/hold");
  SeenSocket& socket = served.seen.sockets.at(0);
  const auto reads = [&](std::uint64_t undelivered) {
    socket.handle.get()->set_undelivered(undelivered, 0);
    served.run();
    const std::size_t before = socket.news.size();
    served.send(peer, text("a"));
    return socket.news.size() > before;
  };
  EXPECT_TRUE(reads(n - 1));
  EXPECT_TRUE(reads(n));
  EXPECT_FALSE(reads(n + 1));
}

}  // namespace
}  // namespace pelton::http
