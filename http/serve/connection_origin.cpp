#include "http/serve/connection_origin.hpp"

#include "http/serve/connection.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

Origins& ConnectionOrigin::origins() {
  if (!origins_) {
    Shared& shared = connection_.shared();
    origins_ = std::make_unique<Origins>(shared.endpoints_of(connection_.transport().descriptor()));
  }
  return *origins_;
}

bool ConnectionOrigin::is_secure() const {
  if (connection_.transport().has_filter()) return true;
  if (origins_ && origins_->is_secure()) return true;
  const Shared& shared = connection_.shared();
  return shared.is_secure && shared.is_secure(connection_.transport().descriptor());
}

// The peer's address costs system calls, so the fields are looked for first.
const RequestOrigin* ConnectionOrigin::forwarded(std::uint64_t number, const RequestHead& head) {
  Shared& shared = connection_.shared();
  if (shared.origin_of) {
    if (const auto* origin = shared.origin_of(connection_.transport().descriptor())) return origin;
  }
  const ForwardingRules& rules = shared.forwarding;
  if (!rules.family || !has_forwarded_fields(head, *rules.family)) return nullptr;
  if (!origins().is_trusted(rules.trusted)) return nullptr;
  return &origins().of_request(number, head, rules, is_secure(), shared.stats);
}

void ConnectionOrigin::await_proxy_header() {
  proxy_header_ = std::make_unique<ProxyHeaderReader>();
}

// Every peer has to send one; the addresses in it count if the peer is trusted (PXY-003).
Reason ConnectionOrigin::read_proxy_header(std::span<char>& octets) {
  using Found = ProxyHeaderReader::Verdict;
  const Found found = proxy_header_->read(octets);
  if (found == Found::unfinished) return Reason::none;
  if (found == Found::malformed) return Reason::cut_proxy_header;
  const ProxyHeader header = proxy_header_->header();
  proxy_header_.reset();
  if (!origins().is_trusted(connection_.shared().forwarding.trusted)) return Reason::none;
  if (header.names_ends) {
    origins().replace({.client_host = header.client.host,
                       .client_port = header.client.port,
                       .server_host = header.server.host,
                       .server_port = header.server.port});
  }
  if (header.is_secure) origins().note_secure();
  return Reason::none;
}

}  // namespace pelton::http
