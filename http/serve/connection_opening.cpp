// How a connection begins: what comes ahead of its session, a handshake of TLS or a header of the
// PROXY protocol, and which session it gets.
#include <algorithm>

#include "core/check.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

void Connection::open(FilterSource* filters) {
  shared_.clock.reread();
  if (filters != nullptr) {
    std::unique_ptr<OctetFilter> filter = filters->make();
    if (!filter) return cut(Reason::cut_memory);
    transport_.set_filter(std::move(filter),
                          shared_.clock.now_ms() + shared_.config.tls_handshake_timeout_ms);
    inspect_by(transport_.deadline_ms());
  }
  if (shared_.forwarding.proxy_protocol) {
    proxy_header_ = std::make_unique<ProxyHeaderReader>();
    transport_.await_preamble();
  }
  arm_receive();
  if (!transport_.in_handshake()) begin_session();
}

// --- which session ---

void Connection::begin_session() {
  if (shared_.h2 != nullptr && transport_.agreed_protocol() == "h2") return begin_h2();
  h1_.begin();
  if (shared_.stopping) h1_.drain();
  if (!shared_.h2_by_preface || transport_.has_filter()) return;
  awaits_preface_ = true;
  transport_.await_preamble();
}

void Connection::begin_h2() {
  h1_.step_aside();
  h2_ = std::make_unique<H2Session>(*this, shared_);
  if (!h2_->begin()) cut(Reason::cut_memory);
}

// The first octets of a connection decide which version of HTTP it speaks (RFC 9113 section 3.3).
void Connection::read_preface(std::string_view octets) {
  const std::string_view expected = h2::preface.substr(preface_bytes_);
  const std::size_t bytes = std::min(octets.size(), expected.size());
  const bool fits = octets.starts_with(expected.substr(0, bytes));
  const std::string_view seen = h2::preface.substr(0, preface_bytes_);
  if (fits && bytes < expected.size()) {
    preface_bytes_ = static_cast<std::uint8_t>(preface_bytes_ + bytes);
    return;
  }
  awaits_preface_ = false;
  transport_.end_preamble();
  if (fits) {
    begin_h2();
    if (!transport_.closing()) h2_->received(h2::preface);
    if (!transport_.closing()) h2_->received(octets.substr(bytes));
    return;
  }
  if (!seen.empty()) h1_.received(seen);
  h1_.received(octets);
}

// --- octets ahead of the session ---

// Replaces octets that arrived by those for the session. Returns why the connection has to end, or
// none.
Reason Connection::opened(std::span<char>& octets) {
  if (proxy_header_) [[unlikely]] {
    const Reason failure = read_proxy_header(octets);
    if (failure != Reason::none) return failure;
  }
  return transport_.open(octets);
}

// Takes what belongs to the PROXY header off the front. Every peer has to send one; the addresses
// in it count if the peer is trusted (PXY-003).
Reason Connection::read_proxy_header(std::span<char>& octets) {
  using Found = ProxyHeaderReader::Verdict;
  const Found found = proxy_header_->read(octets);
  if (found == Found::unfinished) return Reason::none;
  if (found == Found::malformed) return Reason::cut_proxy_header;
  const ProxyHeader header = proxy_header_->header();
  proxy_header_.reset();
  if (!awaits_preface_) transport_.end_preamble();
  if (!origins().is_trusted(shared_.forwarding.trusted)) return Reason::none;
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
