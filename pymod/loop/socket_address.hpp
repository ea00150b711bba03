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

  // The socket module's form; null without an error if it is none of the above, nor that of a
  // client by path, which has no name: "".
  OwnedRef object() const;
  // False without an error if it is not exactly in the form that sock_connect() resolves to, or
  // the port is none.
  bool read(PyObject* address, int family);
};

// socket.getsockname() and socket.getpeername(), by descriptor; null without an error if the
// socket's own method must be asked.
OwnedRef own_address(int descriptor);
OwnedRef peer_address(int descriptor);

}  // namespace pelton::py
