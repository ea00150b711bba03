// Translates between the octets of a session and those of the socket, as TLS does. A transport owns
// one or none; sessions do not know it.
#pragma once

#include <span>

#include "core/memory/output.hpp"
#include "core/reason.hpp"

namespace pelton::http {

class OctetFilter {
 public:
  virtual ~OctetFilter() = default;

  // Octets arrived from the socket: appends to `plain` the octets for the session. Returns why the
  // connection has to end, or none.
  [[nodiscard]] virtual Reason open(std::span<const char> wire, Output& plain) = 0;
  // Empties `plain` and appends to `wire` the octets that the socket is to send for it, the
  // filter's own first. False if there is no memory.
  [[nodiscard]] virtual bool seal(Output& plain, Output& wire) = 0;
  // The filter has octets of its own to send.
  virtual bool has_own_octets() const = 0;
};

}  // namespace pelton::http
