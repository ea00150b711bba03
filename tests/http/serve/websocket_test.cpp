#include "http/serve/websocket.hpp"

#include <type_traits>

#include "socketed.hpp"

namespace pelton::http {
namespace {

TEST(WebSocketHandle, WS_034_it_is_stale_from_the_end_on_and_never_means_another) {
  EXPECT_EQ(WebSocketHandle().get(), nullptr);
  Served served;
  const uring::Peer peer = open_socket(served);
  const WebSocketHandle handle = served.seen.sockets.at(0).handle;
  EXPECT_NE(handle.get(), nullptr);
  EXPECT_EQ(handle.number(), WebSocketHandle(handle).number());
  served.send(peer, websocket::close(1000));
  EXPECT_EQ(handle.get(), nullptr);
  // The next one has the same place.
  open_socket(served);
  const WebSocketHandle next = served.seen.sockets.at(1).handle;
  EXPECT_NE(next.get(), nullptr);
  EXPECT_EQ(handle.get(), nullptr);
  EXPECT_NE(next.number(), handle.number());
}

TEST(WebSocketHandle, it_is_a_plain_value) {
  EXPECT_TRUE(std::is_trivially_copyable_v<WebSocketHandle>);
  EXPECT_FALSE(std::is_copy_constructible_v<WebSocket>);
}

}  // namespace
}  // namespace pelton::http
