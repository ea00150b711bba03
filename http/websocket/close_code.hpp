// Close codes: why a WebSocket ends (RFC 6455 section 7.4).
#pragma once

#include <cstdint>

namespace pelton::http::websocket {

namespace close_code {

inline constexpr std::uint16_t normal = 1000;
inline constexpr std::uint16_t going_away = 1001;
inline constexpr std::uint16_t protocol_error = 1002;
inline constexpr std::uint16_t bad_data = 1007;
inline constexpr std::uint16_t policy = 1008;
inline constexpr std::uint16_t too_big = 1009;
inline constexpr std::uint16_t internal_error = 1011;
inline constexpr std::uint16_t try_again_later = 1013;

// Never on the wire: a Close without a code, and an end without a Close.
inline constexpr std::uint16_t none_given = 1005;
inline constexpr std::uint16_t lost = 1006;

}  // namespace close_code

// WS-030.
constexpr bool is_wire_code(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

}  // namespace pelton::http::websocket
