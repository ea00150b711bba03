// The format of an access log line: literals and atoms, compiled once at start from "combined",
// "json" or a custom text such as `{client} "{method} {path}" {status} {header:X-Team}`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace pelton::http {

enum class LogAtom : std::uint8_t {
  none,           // a literal alone
  time,           // 2026-11-21T14:46:43Z
  time_combined,  // 21/Nov/2026:14:46:43 +0000
  client,         // the peer's address
  request,        // method, target and protocol as in the request line
  method,
  target,  // as sent
  path,    // of the target, as sent
  query,
  protocol,
  host,
  route,  // the template of the route
  status,
  status_painted,  // in the colour of its class
  reason,          // why the exchange was not a plain one; see core/reason.hpp
  reason_suffix,   // the same after a space; nothing for a plain exchange
  bytes,           // of the body that is sent
  duration_ms,     // from the request's first octet to its answer
  user_agent,
  referer,
  tls_version,  // of the connection's own TLS
  tls_cipher,
  sni,
  request_id,
  header,  // any field of the request
};

class LogFormat {
 public:
  struct Step {
    std::string literal;  // comes first
    LogAtom atom;
    std::string field_name;  // LogAtom::header: in lower case
  };

  // A terminal shows the status in a colour; a line that is JSON stays as it is.
  enum class Paint : std::uint8_t { none, status };

  // A literal brace is doubled. The error is a clause that follows the setting's name.
  static std::expected<LogFormat, std::string> parse(std::string_view text,
                                                     Paint paint = Paint::none);

  const std::vector<Step>& steps() const { return steps_; }
  // Texts are quoted, and an absent value is null, not "-".
  bool json() const { return json_; }
  bool has(LogAtom atom) const;
  // The longest line that any request can cause.
  std::size_t line_bytes_max() const;

  // Octets shown of a value from the request (H1-097).
  static constexpr std::size_t value_bytes_max = 1024;

 private:
  static std::expected<LogFormat, std::string> compile(std::string_view text);

  std::vector<Step> steps_;
  bool json_ = false;
};

}  // namespace pelton::http
