// What octets pass between a session and the socket where both are not the same, as with TLS. The
// transport owns one, or none; no session knows of it.
#pragma once

#include <span>

#include "core/memory/output.hpp"
#include "core/reason.hpp"

namespace pelton::http {

class OctetFilter {
 public:
  virtual ~OctetFilter() = default;

  // Octets came from the socket: appends to `plain` those that the session is to read. Returns why
  // the connection has to end, or none.
  [[nodiscard]] virtual Reason open(std::span<const char> wire, Output& plain) = 0;
  // Empties `plain`: appends to `wire` what the socket is to send for it, after what the filter
  // itself has to say. False if there is no memory.
  [[nodiscard]] virtual bool seal(Output& plain, Output& wire) = 0;
  // The filter itself has something to say.
  virtual bool has_own_octets() const = 0;
};

}  // namespace pelton::http
