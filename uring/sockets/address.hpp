// One end of a connection as text and port.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "uring/engine.hpp"

namespace pelton::uring {

// An IPv4 address inside IPv6 (::ffff:a.b.c.d) appears as IPv4. On a Unix socket, and on a socket
// that has lost its peer, the host is empty and the port 0.
struct Address {
  std::string host;
  std::uint16_t port = 0;
  std::string path = {};  // of a Unix socket that has one

  bool operator==(const Address&) const = default;
};

Address address_from(const sockaddr_storage& storage);
Address peer_address(Descriptor socket);   // getpeername(2)
Address local_address(Descriptor socket);  // getsockname(2)

}  // namespace pelton::uring
