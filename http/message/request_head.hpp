// The parsed head of a request: offsets into its octets, nothing allocated. Offsets, not pointers,
// because a head that arrives in two receives is moved while it is read. The octets are those of
// HTTP/1; a request of HTTP/2 is put down in the same form.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "http/message/field.hpp"

namespace pelton::http {

struct Span {
  std::uint32_t begin = 0;  // octets from the first octet of the message
  std::uint32_t bytes = 0;

  std::string_view in(const char* base) const { return {base + begin, bytes}; }
};

struct Field {
  Span name;
  Span value;  // SP and HTAB trimmed at both ends
  FieldName known = FieldName::other;
};

enum class Method : std::uint8_t {
  other,
  get,
  head,
  post,
  put,
  patch,
  delete_,
  options,
  query,
  connect,
  trace,
};

enum class BodyFraming : std::uint8_t { none, length, chunked };

enum class TargetForm : std::uint8_t { origin, absolute, authority, asterisk };

struct RequestHead {
  const char* base = nullptr;  // first octet of the message; set once the head is complete

  Method method = Method::other;
  std::uint8_t version_minor = 1;  // HTTP/1.x; 1 for HTTP/2 too
  bool is_h2 = false;              // HTTP/2
  bool is_secure = false;          // it came by https; set only where a middleware reads it
  bool keep_alive = true;          // by version and Connection (H1-076, H1-084)
  bool has_upgrade = false;
  bool expects_continue = false;
  TargetForm form = TargetForm::origin;
  BodyFraming framing = BodyFraming::none;

  std::array<std::uint64_t, 2> number{};  // set only where a middleware numbers requests

  Span method_text;
  Span target;     // as sent
  Span path;       // of the target, raw: up to the first '?'
  Span query;      // after the '?', raw; empty if there is none
  Span authority;  // of Host or the absolute target, raw; empty if HTTP/1.0 sent none
  std::uint64_t content_length = 0;
  std::uint32_t head_bytes = 0;  // including the empty line
  std::span<const Field> fields;

  std::string_view text(Span span) const { return span.in(base); }
};

}  // namespace pelton::http
