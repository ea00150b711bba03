#include "http/serve/request_origin.hpp"

#include <utility>

#include "core/reason.hpp"
#include "http/message/authority.hpp"

namespace pelton::http {
namespace {

bool is_trusted_end(const Endpoints& ends, const TrustedPeers& trusted) {
  if (trusted.trusts_all()) return true;
  // A TCP socket that has lost its peer has a server's address still; a Unix socket has neither.
  if (ends.client_host.empty()) return ends.server_host.empty() && trusted.trusts_unix();
  const auto address = read_ip_address(ends.client_host);
  return address && trusted.trusts(*address);
}

// The authority with the port that the proxy gives apart from it; empty if it says nothing.
std::string authority_of(const RequestHead& head, ForwardedValues& values, bool is_secure) {
  if (values.port == 0) return std::move(values.authority);
  const std::string_view named =
      values.authority.empty() ? head.text(head.authority) : std::string_view(values.authority);
  Authority parts;
  const bool lacks_port = read_authority(named, parts) && parts.port == 0;
  if (!lacks_port || values.port == (is_secure ? https_port : http_port)) {
    return std::move(values.authority);
  }
  return std::string(named) + ':' + std::to_string(values.port);
}

}  // namespace

RequestOrigin origin_of(const RequestHead& head, const ForwardingRules& rules,
                        const Endpoints& ends, bool is_secure, Stats& stats) {
  ForwardedValues values = read_forwarded_fields(head, *rules.family, rules.trusted);
  if (values.malformed) stats.count(Reason::dropped_forwarded);
  RequestOrigin origin{.ends = ends, .is_secure = values.is_secure.value_or(is_secure)};
  if (values.names_client) {
    origin.ends.client_host = std::move(values.client_host);
    origin.ends.client_port = values.client_port;
  }
  origin.authority = authority_of(head, values, origin.is_secure);
  origin.root_path = std::move(values.root_path);
  return origin;
}

void Origins::replace(Endpoints ends) {
  ends_ = std::move(ends);
  trust_ = Trust::unknown;
}

bool Origins::is_trusted(const TrustedPeers& trusted) {
  if (trust_ == Trust::unknown) {
    trust_ = is_trusted_end(ends_, trusted) ? Trust::trusted : Trust::untrusted;
  }
  return trust_ == Trust::trusted;
}

const RequestOrigin& Origins::of_request(std::uint64_t number, const RequestHead& head,
                                         const ForwardingRules& rules, bool is_secure,
                                         Stats& stats) {
  if (number_ != number) {
    origin_ = origin_of(head, rules, ends_, is_secure, stats);
    number_ = number;
  }
  return origin_;
}

}  // namespace pelton::http
