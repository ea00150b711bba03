// A WebSocket client's side as tests need it: frames it would send, and what a server's frames say.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pelton::http::websocket {

struct ClientFrame {
  unsigned opcode = 1;
  std::string_view payload = {};
  bool final = true;
  bool masked = true;
  unsigned reserved = 0;      // RSV1 is 4, RSV2 2, RSV3 1
  unsigned length_bytes = 0;  // 2 or 8 where a shorter form would do
};

std::string frame(const ClientFrame& frame);
inline std::string text(std::string_view payload) {
  return frame({.payload = payload});
}
inline std::string binary(std::string_view payload) {
  return frame({.opcode = 2, .payload = payload});
}
// A Close with this code; 0 for none.
std::string close(unsigned code, std::string_view reason = {});

struct ServerFrame {
  unsigned opcode = 0;
  bool deflated = false;
  std::string payload;

  bool operator==(const ServerFrame&) const = default;
};

// Checks that they are unmasked, unfragmented and whole (WS-018). Takes them off `octets`.
std::vector<ServerFrame> frames_in(std::string_view octets);
// The same as one line: "text:hello close:1000", with "z" before what is deflated.
std::string told(std::string_view octets);

// As a peer does it, with a window of any size.
std::string deflated(std::string_view message, int window_bits = 15);
std::string inflated(std::string_view octets, int window_bits = 15);

// The request, with these lines added.
std::string handshake(std::string_view path, std::string_view lines = {});

}  // namespace pelton::http::websocket
