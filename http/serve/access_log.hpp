// One line for every exchange, refused ones included (PRC-051). It is formatted when the exchange
// ends and queued for the log's writer, so the loop never waits.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/log/timestamp.hpp"
#include "core/log/writer.hpp"
#include "core/reason.hpp"
#include "http/message/request_head.hpp"
#include "http/routing/route_table.hpp"
#include "http/serve/endpoints.hpp"
#include "http/serve/log_format.hpp"
#include "http/serve/log_text.hpp"

namespace pelton::http {

struct LoggedExchange {
  const RequestHead& request;  // without a base if refused before it was read
  const RouteSettings* route;  // null: none was found
  EndpointSource& ends;
  std::uint16_t status;  // 0: it ended without a response
  Reason reason;
  std::uint64_t body_bytes;
  std::uint64_t began_ns;
  std::string_view id = {};  // of the request; empty: it has none
};

class AccessLog {
 public:
  AccessLog(LogFormat format, LogWriter& writer, const Clock& clock);
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  void write(const LoggedExchange& exchange);

 private:
  // A step of the format; whole blocks may be read past the end of its literal.
  struct Part {
    const char* literal;
    std::size_t literal_bytes;
    LogAtom atom;
    std::string_view field_name;
  };

  char* put_value(char* out, std::string_view octets) const;
  char* put_plain(char* out, std::string_view text) const;
  char* put_request(char* out, const RequestHead& request) const;
  char* put(char* out, const Part& part, const LoggedExchange& exchange) const;
  char* put_rare(char* out, const Part& part, const LoggedExchange& exchange) const;

  const LogFormat format_;
  const bool json_;
  const LogEscape escape_;
  std::vector<char> literals_;
  std::vector<Part> parts_;
  LogWriter& writer_;
  const Clock& clock_;
  Timestamp time_{0};
  std::vector<char> line_;
};

}  // namespace pelton::http
