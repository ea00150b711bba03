#include "http/serve/endpoints.hpp"

#include "uring/sockets/address.hpp"

namespace pelton::http {

Endpoints kernel_endpoints(uring::Descriptor socket) {
  uring::Address client = uring::peer_address(socket);
  uring::Address server = uring::local_address(socket);
  return {.client_host = std::move(client.host),
          .client_port = client.port,
          .server_host = std::move(server.host),
          .server_port = server.port,
          .server_path = std::move(server.path)};
}

const RequestOrigin* EndpointSource::forwarded(const RequestHead&) {
  return nullptr;
}

}  // namespace pelton::http
