// The addresses at both ends of a connection, looked up when a handler first asks for them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "uring/engine.hpp"

namespace pelton::http {

struct RequestHead;
struct TlsFacts;
struct RequestOrigin;

// On a Unix socket the server's path, if it has one, and nothing else.
struct Endpoints {
  std::string client_host;
  std::uint16_t client_port = 0;
  std::string server_host;
  std::uint16_t server_port = 0;
  std::string server_path = {};
};

class EndpointSource {
 public:
  virtual ~EndpointSource() = default;
  virtual const Endpoints& endpoints() = 0;
  // Whether the client uses https. Looks nothing up.
  virtual bool is_secure() const { return false; }
  // What its TLS has agreed on; null without TLS at this server.
  virtual const TlsFacts* tls() const { return nullptr; }
  // What a trusted proxy says of a request on it; null if none says anything. Valid until the next
  // request.
  virtual const RequestOrigin* forwarded(const RequestHead& head);
};

// By getpeername(2) and getsockname(2).
Endpoints kernel_endpoints(uring::Descriptor socket);

}  // namespace pelton::http
