// Addresses of internet sockets, between the kernel's form and the socket module's: (host, port) of
// IPv4, (host, port, flow, scope) of IPv6. A host is in digits; names are resolved elsewhere.
#pragma once

#include <Python.h>
#include <sys/socket.h>

#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

struct SocketAddress {
  sockaddr_storage storage;
  socklen_t bytes;

  sockaddr* place() { return reinterpret_cast<sockaddr*>(&storage); }

  // The socket module's form, which is "" for the unnamed socket of an AF_UNIX client; null without
  // an error for any other family or name.
  OwnedRef object() const;
  // False without an error if it is not exactly in the form that sock_connect() resolves to, or the
  // port is out of range.
  bool read(PyObject* address, int family);
};

// socket.getsockname() and socket.getpeername(), by descriptor; null without an error if the
// socket's own method must be called.
OwnedRef own_address(int descriptor);
OwnedRef peer_address(int descriptor);

}  // namespace pelton::py
