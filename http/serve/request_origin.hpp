// Where a request comes from: what its connection shows, or what a trusted proxy says (PXY-001,
// PXY-002). Read when somebody first asks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "core/stats.hpp"
#include "http/message/forwarded_fields.hpp"
#include "http/message/request_head.hpp"
#include "http/message/trusted_peers.hpp"
#include "http/serve/endpoints.hpp"

namespace pelton::http {

struct ForwardingRules {
  TrustedPeers trusted;
  // The fields that count; nothing: none.
  std::optional<ForwardedFamily> family;
  // Every connection begins with a header of the PROXY protocol (PXY-003).
  bool proxy_protocol = false;
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
  bool is_secure() const { return is_secure_; }
  // The proxy at its other end has named the true ends: from now on the client is trusted or not,
  // in the proxy's place.
  void replace(Endpoints ends);
  void note_secure() { is_secure_ = true; }
  // Whether the peer's word counts.
  bool is_trusted(const TrustedPeers& trusted);
  // `number` tells the connection's requests apart.
  const RequestOrigin& of_request(std::uint64_t number, const RequestHead& head,
                                  const ForwardingRules& rules, bool is_secure, Stats& stats);

 private:
  enum class Trust : std::uint8_t { unknown, trusted, untrusted };

  Endpoints ends_;
  bool is_secure_ = false;
  Trust trust_ = Trust::unknown;
  std::uint64_t number_ = 0;  // of the request that `origin_` belongs to; 0: of none
  RequestOrigin origin_;
};

}  // namespace pelton::http
