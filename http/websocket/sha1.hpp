// SHA-1 (RFC 3174), for the WebSocket handshake only (RFC 6455 section 4.2.2). It protects no
// secret there; nothing depends on its strength.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pelton::http::websocket {

inline constexpr std::size_t sha1_bytes = 20;

std::array<std::uint8_t, sha1_bytes> sha1(std::string_view octets);

}  // namespace pelton::http::websocket
