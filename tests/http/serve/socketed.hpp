// A WebSocket of the test routes, opened and heard by a test.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "served.hpp"
#include "tests/http/websocket/client.hpp"

namespace pelton::http {

using News = std::vector<std::string>;

// What came behind the head of the 101.
inline std::string behind_head(std::string_view octets) {
  return std::string(octets.substr(octets.find("\r\n\r\n") + 4));
}

inline uring::Peer open_socket(Served& served, std::string_view path = "/socket/echo",
                               std::string_view lines = {}) {
  const uring::Peer peer = served.connect();
  const std::string head = served.send(peer, websocket::handshake(path, lines));
  EXPECT_EQ(status_of(head), 101);
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  return peer;
}

}  // namespace pelton::http
