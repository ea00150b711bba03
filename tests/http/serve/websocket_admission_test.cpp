#include "http/serve/websocket_admission.hpp"

#include <gtest/gtest.h>

#include <string>

#include "socketed.hpp"

namespace pelton::http {
namespace {

int answered(Served& served, std::string_view lines, std::string_view path = "/socket/echo") {
  return status_of(served.send(served.connect(), websocket::handshake(path, lines)));
}

TEST(WebSocketAdmission, WS_004_its_own_origin_and_none_at_all_pass) {
  Served served;
  EXPECT_EQ(answered(served, ""), 101);
  EXPECT_EQ(answered(served, "Origin: http://elsewhere.example\r\n"), 403);
  EXPECT_EQ(answered(served, "Origin: null\r\n"), 403);
  EXPECT_EQ(served.count(Reason::refused_websocket_origin), 2u);
}

TEST(WebSocketAdmission, WS_003_a_malformed_handshake_is_refused_before_its_origin) {
  Served served;
  EXPECT_EQ(answered(served, "Sec-WebSocket-Key: x\r\nOrigin: http://elsewhere.example\r\n"), 400);
  EXPECT_EQ(served.count(Reason::refused_websocket_handshake), 1u);
  EXPECT_EQ(served.count(Reason::refused_websocket_origin), 0u);
}

}  // namespace
}  // namespace pelton::http
