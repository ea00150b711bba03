// What proxies say of a request's origin: Forwarded (RFC 7239), or X-Forwarded-For, -Proto, -Host,
// -Port and -Prefix. Whoever reads them has found the peer trusted (PXY-001).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "http/message/request_head.hpp"
#include "http/message/trusted_peers.hpp"

namespace pelton::http {

// Fields of only one family count, since a proxy that writes one passes the other through.
enum class ForwardedFamily : std::uint8_t { x_forwarded, forwarded };

struct ForwardedValues {
  // The client is known, or known to be hidden: then its host is empty.
  bool names_client = false;
  std::string client_host;
  std::uint16_t client_port = 0;  // 0: not said
  std::optional<bool> is_secure;
  std::string authority;   // by H1-041; empty: not said
  std::uint16_t port = 0;  // of an authority without one; 0: not said
  // The part of the path that the proxy has taken off, decoded, without a slash at its end.
  std::string root_path;
  // Something was malformed and is ignored (PXY-002).
  bool malformed = false;
};

// Whether the head has a field of the family.
bool has_forwarded_fields(const RequestHead& head, ForwardedFamily family);

// The client is the rightmost hop that is not trusted, or the leftmost one if all are trusted. What
// stands further left was written by somebody who is not trusted, and is not read.
ForwardedValues read_forwarded_fields(const RequestHead& head, ForwardedFamily family,
                                      const TrustedPeers& trusted);

}  // namespace pelton::http
