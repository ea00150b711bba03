// Reads the request of the opening handshake (RFC 6455 section 4.2.1, protocol 8.1).
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "core/memory/output.hpp"
#include "core/reason.hpp"
#include "http/message/field.hpp"
#include "http/message/request_head.hpp"
#include "http/websocket/deflate_offer.hpp"

namespace pelton::http::websocket {

// Whether the request asks for a WebSocket (WS-001). If not, Upgrade is ignored (H1-073).
bool asks_for_websocket(const RequestHead& head);

struct Handshake {
  Reason reason = Reason::none;  // none unless refused (WS-002, WS-003, H1-075)
  std::string_view key;
  DeflateTerms deflate;
};

// For a request that asks for a WebSocket. The key points into the head; on HTTP/2 there is none
// (RFC 8441 section 5).
Handshake read_handshake(const RequestHead& head);

inline constexpr std::size_t accept_bytes = 28;

// Sec-WebSocket-Accept for this key.
std::array<char, accept_bytes> accept_value(std::string_view key);

// WS-004: true without Origin, if its host and port are the request's own, or if it is listed; "*"
// lists all origins. `authority` is what the client has asked for, if a proxy has changed it.
bool origin_passes(const RequestHead& head, std::span<const std::string> origins, bool is_secure,
                   std::string_view authority = {});

// The request offers this subprotocol.
bool offers_protocol(const RequestHead& head, std::string_view protocol);

// Fields that an owner may not set in a 101: they are the handshake's own (WS-007).
bool is_handshake_field(std::string_view name);

}  // namespace pelton::http::websocket
