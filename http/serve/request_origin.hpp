// Where a request comes from: what its connection shows, or what a trusted proxy says (PXY-001,
// PXY-002). Read when somebody first asks.
#pragma once

#include <cstdint>
#include <string>

#include "core/stats.hpp"
#include "http/message/forwarded_fields.hpp"
#include "http/message/request_head.hpp"
#include "http/message/trusted_peers.hpp"
#include "http/serve/endpoints.hpp"

namespace pelton::http {

struct ForwardingRules {
  TrustedPeers trusted;
  ForwardedFamily family = ForwardedFamily::x_forwarded;
};

// What a trusted proxy says, and what the connection shows wherever the proxy says nothing.
struct RequestOrigin {
  Endpoints ends;
  bool is_secure = false;
  std::string authority;  // empty: the request's own
  std::string root_path;  // what the proxy has taken off the path, decoded
};

// The origin of a request whose peer is trusted. Counts what it ignores.
RequestOrigin origin_of(const RequestHead& head, const ForwardingRules& rules,
                        const Endpoints& ends, bool is_secure, Stats& stats);

// Of one connection: its ends, and the origin of the request that asked last.
class Origins {
 public:
  explicit Origins(Endpoints ends) : ends_(std::move(ends)) {}

  const Endpoints& ends() const { return ends_; }
  // Whether the peer's word counts.
  bool is_trusted(const TrustedPeers& trusted);
  // `number` tells the connection's requests apart.
  const RequestOrigin& of_request(std::uint64_t number, const RequestHead& head,
                                  const ForwardingRules& rules, bool is_secure, Stats& stats);

 private:
  enum class Trust : std::uint8_t { unknown, trusted, untrusted };

  const Endpoints ends_;
  Trust trust_ = Trust::unknown;
  std::uint64_t number_ = 0;  // of the request that `origin_` belongs to; 0: of none
  RequestOrigin origin_;
};

}  // namespace pelton::http
