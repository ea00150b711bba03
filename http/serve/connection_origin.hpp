// Where the requests of one connection come from: the addresses that its socket has, those that a
// header of the PROXY protocol has named, or what a trusted proxy says of each request (PXY-001 to
// PXY-003). All of it is looked up when somebody first asks.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/reason.hpp"
#include "http/message/request_head.hpp"
#include "http/serve/endpoints.hpp"
#include "http/serve/request_origin.hpp"
#include "http/transport/proxy_header.hpp"

namespace pelton::http {

class Connection;

class ConnectionOrigin {
 public:
  explicit ConnectionOrigin(Connection& connection) : connection_(connection) {}
  ConnectionOrigin(const ConnectionOrigin&) = delete;
  ConnectionOrigin& operator=(const ConnectionOrigin&) = delete;

  const Endpoints& endpoints() { return origins().ends(); }
  // The client uses https.
  bool is_secure() const;
  // What a trusted proxy says of the request; null if none says anything. `number` tells the
  // connection's requests apart.
  const RequestOrigin* forwarded(std::uint64_t number, const RequestHead& head);

  // The first octets have to be a header of the PROXY protocol.
  void await_proxy_header();
  bool awaits_proxy_header() const { return proxy_header_ != nullptr; }
  // It has begun and is not whole.
  bool lacks_proxy_header() const { return proxy_header_ && proxy_header_->started(); }
  // Takes what belongs to it off the front of the octets. Returns why the connection has to end, or
  // none.
  Reason read_proxy_header(std::span<char>& octets);

 private:
  Origins& origins();

  Connection& connection_;
  std::unique_ptr<Origins> origins_;                 // once somebody asks
  std::unique_ptr<ProxyHeaderReader> proxy_header_;  // until it has been read
};

}  // namespace pelton::http
