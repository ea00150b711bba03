#include "pymod/loop/accepted_socket.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <iterator>
#include <utility>

#include "pymod/loop/socket_address.hpp"

namespace pelton::py {

namespace {

using Outcome = Accepted::Outcome;

Accepted failed() {
  return {.outcome = Outcome::failed, .connection = OwnedRef(), .address = OwnedRef()};
}

Accepted again() {
  return {.outcome = Outcome::again, .connection = OwnedRef(), .address = OwnedRef()};
}

bool has_many_forms(int family) {
  return family != AF_INET && family != AF_INET6 && family != AF_UNIX;
}

// Accepts by the socket's own method: for families whose addresses have many forms, and for a
// socket that may block.
Accepted accept_by_method(PyObject* listener, const AsyncioParts& asyncio) {
  const OwnedRef pair(call_method(listener, asyncio.names.accept));
  if (!pair) {
    if (PyErr_ExceptionMatches(PyExc_BlockingIOError) == 0 &&
        PyErr_ExceptionMatches(PyExc_InterruptedError) == 0) {
      return failed();
    }
    PyErr_Clear();
    return again();
  }
  OwnedRef connection(PySequence_GetItem(pair.get(), 0));
  OwnedRef address(connection ? PySequence_GetItem(pair.get(), 1) : nullptr);
  if (!address || !OwnedRef(call_method(connection.get(), asyncio.names.setblocking, Py_False))) {
    return failed();
  }
  return {
      .outcome = Outcome::done, .connection = std::move(connection), .address = std::move(address)};
}

// socket.socket(family, type, proto, descriptor), which is then the descriptor's owner.
OwnedRef socket_of(const int (&numbers)[4], const AsyncioParts& asyncio) {
  OwnedRef values[4];
  PyObject* arguments[4];
  for (std::size_t index = 0; index < std::size(numbers); ++index) {
    values[index] = OwnedRef(PyLong_FromLong(numbers[index]));
    if (!values[index]) return OwnedRef();
    arguments[index] = values[index].get();
  }
  return OwnedRef(
      PyObject_Vectorcall(asyncio.socket_class.get(), arguments, std::size(numbers), nullptr));
}

}  // namespace

Accepted accept_socket(PyObject* listener, int descriptor, const AsyncioParts& asyncio) {
  int family = 0;
  int type = 0;
  int protocol = 0;
  if (!plain_member(listener, asyncio.socket_family, family) ||
      !plain_member(listener, asyncio.socket_type, type) ||
      !plain_member(listener, asyncio.socket_proto, protocol)) {
    return failed();
  }
  const int at_once = never_blocks(listener, asyncio);
  if (at_once < 0) return failed();
  if (at_once == 0 || has_many_forms(family)) return accept_by_method(listener, asyncio);
  SocketAddress peer{.storage = {}, .bytes = sizeof peer.storage};
  const int accepted =
      ::accept4(descriptor, peer.place(), &peer.bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (accepted < 0) {
    if (errno == EAGAIN || errno == EINTR) return again();
    PyErr_SetFromErrno(PyExc_OSError);
    return failed();
  }
  // SOCK_NONBLOCK in the type saves the call that would make the socket non-blocking.
  OwnedRef connection = socket_of({family, type | SOCK_NONBLOCK, protocol, accepted}, asyncio);
  if (!connection) {
    ::close(accepted);
    return failed();
  }
  OwnedRef address = peer.object();
  if (!address && PyErr_Occurred() == nullptr) {
    address = OwnedRef(call_method(connection.get(), asyncio.names.getpeername));
  }
  if (!address) return failed();
  return {
      .outcome = Outcome::done, .connection = std::move(connection), .address = std::move(address)};
}

}  // namespace pelton::py
