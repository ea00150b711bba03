#include "http/websocket/handshake.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "http/message/authority.hpp"
#include "http/message/field_list.hpp"
#include "http/message/field_rules.hpp"
#include "http/message/folded_text.hpp"
#include "http/message/octets.hpp"
#include "http/websocket/sha1.hpp"

namespace pelton::http::websocket {
namespace {

constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view key_suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 1.3
constexpr std::size_t key_bytes = 24;
constexpr std::size_t key_digits = 22;  // for sixteen octets; two octets of padding follow

bool is_key(std::string_view text) {
  return text.size() == key_bytes && text.ends_with("==") &&
         text.substr(0, key_digits).find_first_not_of(base64_digits) == std::string_view::npos;
}

template <FoldedText wanted>
bool lists(const RequestHead& head, FieldName name) {
  for (const Field& field : head.fields) {
    if (field.known != name) continue;
    std::string_view list = head.text(field.value);
    std::string_view element;
    while (next_element(list, element)) {
      if (folds_to<wanted>(element)) return true;
    }
  }
  return false;
}

bool is_token_list(std::string_view list) {
  bool any = false;
  std::string_view element;
  while (next_element(list, element)) {
    if (element.empty()) continue;
    if (!is_token(element)) return false;
    any = true;
  }
  return any;
}

bool has_body(const RequestHead& head) {
  return head.framing == BodyFraming::chunked ||
         (head.framing == BodyFraming::length && head.content_length != 0);
}

// Host and port of an origin, or nothing if it names none ("null").
struct Origin {
  std::string_view authority;
  std::uint16_t default_port = 0;
};

Origin read_origin(std::string_view text) {
  constexpr std::string_view mark = "://";
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return {};
  const std::string_view scheme = text.substr(0, at);
  const std::string_view authority = text.substr(at + mark.size());
  Authority parts;
  if (!read_authority(authority, parts)) return {};
  const bool secure = is_same_name(scheme, "https") || is_same_name(scheme, "wss");
  return {authority, secure ? https_port : http_port};
}

bool is_same_place(const Origin& origin, std::string_view authority, std::uint16_t default_port) {
  Authority parts;
  if (origin.authority.empty() || !read_authority(authority, parts)) return false;
  std::array<char, authority_bytes_max> left;
  std::array<char, authority_bytes_max> right;
  const std::size_t left_bytes =
      normalise_authority(origin.authority, origin.default_port, left.data());
  const std::size_t right_bytes = normalise_authority(authority, default_port, right.data());
  return std::string_view(left.data(), left_bytes) == std::string_view(right.data(), right_bytes);
}

}  // namespace

bool asks_for_websocket(const RequestHead& head) {
  return head.method == Method::get && head.version_minor == 1 &&
         lists<"upgrade">(head, FieldName::connection) &&
         lists<"websocket">(head, FieldName::upgrade);
}

Handshake read_handshake(const RequestHead& head) {
  Handshake read;
  unsigned versions = 0;
  unsigned keys = 0;
  bool version_fits = false;
  // The stream of an extended CONNECT goes on, and proves by itself that both ends mean it.
  bool well_formed = head.is_h2 || !has_body(head);
  for (const Field& field : head.fields) {
    const std::string_view name = head.text(field.name);
    const std::string_view value = head.text(field.value);
    if (!name.starts_with('S') && !name.starts_with('s')) continue;
    if (is_same_name(name, "sec-websocket-version")) {
      ++versions;
      version_fits = value == "13";
    } else if (is_same_name(name, "sec-websocket-key")) {
      ++keys;
      read.key = value;
    } else if (is_same_name(name, "sec-websocket-protocol")) {
      well_formed = well_formed && is_token_list(value);
    } else if (is_same_name(name, "sec-websocket-extensions")) {
      well_formed = well_formed && read_extensions(value, read.deflate);
    }
  }
  if (versions != 1 || !version_fits) {
    read.reason = Reason::refused_websocket_version;
  } else if ((!head.is_h2 && (keys != 1 || !is_key(read.key))) || !well_formed) {
    read.reason = Reason::refused_websocket_handshake;
  }
  return read;
}

std::array<char, accept_bytes> accept_value(std::string_view key) {
  std::array<char, key_bytes + key_suffix.size()> joined;
  const auto suffix_at = std::ranges::copy(key.substr(0, key_bytes), joined.begin()).out;
  std::ranges::copy(key_suffix, suffix_at);
  const auto digest = sha1({joined.data(), joined.size()});

  std::array<char, accept_bytes> text;
  std::size_t at = 0;
  for (std::size_t index = 0; index < digest.size(); index += 3) {
    const std::size_t count = std::min<std::size_t>(3, digest.size() - index);
    std::uint32_t group = 0;
    for (std::size_t octet = 0; octet < 3; ++octet) {
      group = group << 8 | (octet < count ? digest[index + octet] : 0u);
    }
    for (std::size_t digit = 0; digit < 4; ++digit) {
      text[at++] = digit <= count ? base64_digits[group >> (18 - 6 * digit) & 63] : '=';
    }
  }
  return text;
}

bool origin_passes(const RequestHead& head, std::span<const std::string> origins, bool is_secure,
                   std::string_view authority) {
  unsigned count = 0;
  std::string_view origin;
  for (const Field& field : head.fields) {
    if (!is_same_name(head.text(field.name), "origin")) continue;
    ++count;
    origin = head.text(field.value);
  }
  if (count == 0) return true;
  if (count > 1) return false;
  const bool listed = std::ranges::any_of(
      origins, [&](const std::string& one) { return one == "*" || one == origin; });
  if (authority.empty()) authority = head.text(head.authority);
  return listed ||
         is_same_place(read_origin(origin), authority, is_secure ? https_port : http_port);
}

bool offers_protocol(const RequestHead& head, std::string_view protocol) {
  for (const Field& field : head.fields) {
    if (!is_same_name(head.text(field.name), "sec-websocket-protocol")) continue;
    std::string_view list = head.text(field.value);
    std::string_view element;
    while (next_element(list, element)) {
      if (!element.empty() && element == protocol) return true;
    }
  }
  return false;
}

bool is_handshake_field(std::string_view name) {
  constexpr std::string_view prefix = "sec-websocket-";
  return is_same_name(name.substr(0, prefix.size()), prefix) || is_same_name(name, "upgrade") ||
         is_same_name(name, "connection") || is_same_name(name, "content-length") ||
         is_same_name(name, "date") || is_same_name(name, "transfer-encoding");
}

}  // namespace pelton::http::websocket
