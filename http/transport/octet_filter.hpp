// Translates between the octets of a session and those of the socket, as TLS does. A transport owns
// one or none; sessions do not know it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/memory/output.hpp"
#include "core/reason.hpp"
#include "core/ticket_keys.hpp"

namespace pelton::http {

struct TlsFacts;

class OctetFilter {
 public:
  virtual ~OctetFilter() = default;

  // Octets arrived from the socket: appends to `plain` the octets for the session. Returns why the
  // connection has to end, or none; after a reason only octets of the filter's own leave.
  [[nodiscard]] virtual Reason open(std::span<const char> wire, Output& plain) = 0;
  // Empties `plain` and appends to `wire` the octets that the socket is to send for it, the
  // filter's own first. False if there is no memory.
  [[nodiscard]] virtual bool seal(Output& plain, Output& wire) = 0;
  // The filter has octets of its own to send.
  virtual bool has_own_octets() const = 0;
  // Octets of a session may pass; until then only the filter's own travel.
  virtual bool is_established() const { return true; }
  // The peer has said that none of its octets follow.
  virtual bool peer_has_ended() const { return false; }
  // Nothing follows what is sealed next. The filter says so to the peer, after it.
  virtual void end() {}
  // The protocol of its session that both ends have agreed on (ALPN, RFC 7301); empty: none.
  virtual std::string_view protocol() const { return {}; }
  // What both ends have agreed on; null if the filter is not TLS or not established.
  virtual const TlsFacts* facts() { return nullptr; }
};

// Makes the filters of the connections that one listener accepts.
class FilterSource {
 public:
  // For the error log.
  struct News {
    Reason reason;  // none: nothing is wrong
    std::string text;
  };

  virtual ~FilterSource() = default;
  // Null if there is no memory.
  virtual std::unique_ptr<OctetFilter> make() = 0;
  // Called once, before the first filter is made: keys that all workers share.
  virtual void share(TicketKeys& keys) = 0;
  // Called about once a second, to take up what has changed since. It does not wait.
  virtual std::optional<News> look() = 0;
};

}  // namespace pelton::http
