#include "pymod/loop/socket_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace pelton::py {

namespace {

constexpr long port_max = 0xFFFF;
// RFC 8200, section 3.
constexpr long flow_max = 0xF'FFFF;
constexpr long scope_max = 0xFFFF'FFFF;

// (host, numbers...); null with an error set.
OwnedRef tuple_of(const char* host, std::initializer_list<unsigned long> numbers) {
  OwnedRef made(PyTuple_New(static_cast<Py_ssize_t>(1 + numbers.size())));
  if (!made) return made;
  PyObject* const text = PyUnicode_FromString(host);
  if (text == nullptr) return OwnedRef();
  PyTuple_SET_ITEM(made.get(), 0, text);
  Py_ssize_t place = 1;
  for (const unsigned long number : numbers) {
    PyObject* const value = PyLong_FromUnsignedLong(number);
    if (value == nullptr) return OwnedRef();
    PyTuple_SET_ITEM(made.get(), place++, value);
  }
  return made;
}

// False if the item is no plain number from 0 to `most`.
bool read_number(PyObject* tuple, Py_ssize_t place, long most, long& number) {
  PyObject* const item = PyTuple_GET_ITEM(tuple, place);
  if (!PyLong_CheckExact(item)) return false;
  int overflows = 0;
  number = PyLong_AsLongAndOverflow(item, &overflows);
  return overflows == 0 && number >= 0 && number <= most;
}

bool read_host(PyObject* host, int family, void* binary) {
  Py_ssize_t bytes = 0;
  const char* const text =
      PyUnicode_CheckExact(host) ? PyUnicode_AsUTF8AndSize(host, &bytes) : nullptr;
  if (text == nullptr) PyErr_Clear();  // a lone surrogate
  return text != nullptr && std::strlen(text) == static_cast<std::size_t>(bytes) &&
         ::inet_pton(family, text, binary) == 1;
}

template <auto call>
OwnedRef asked(int descriptor) {
  SocketAddress address{.storage = {}, .bytes = sizeof address.storage};
  if (call(descriptor, address.place(), &address.bytes) != 0) return OwnedRef();
  return address.object();
}

}  // namespace

OwnedRef SocketAddress::object() const {
  char host[INET6_ADDRSTRLEN];
  if (storage.ss_family == AF_INET && bytes >= sizeof(sockaddr_in)) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    ::inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host);
    return tuple_of(host, {ntohs(v4.sin_port)});
  }
  if (storage.ss_family == AF_INET6 && bytes >= sizeof(sockaddr_in6)) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof host);
    return tuple_of(host, {ntohs(v6.sin6_port), ntohl(v6.sin6_flowinfo), v6.sin6_scope_id});
  }
  if (storage.ss_family == AF_UNIX && bytes <= offsetof(sockaddr, sa_data)) {
    return OwnedRef(PyUnicode_FromString(""));
  }
  return OwnedRef();
}

bool SocketAddress::read(PyObject* address, int family) {
  const Py_ssize_t parts = family == AF_INET ? 2 : 4;
  long port = 0;
  if ((family != AF_INET && family != AF_INET6) || !PyTuple_CheckExact(address) ||
      PyTuple_GET_SIZE(address) != parts || !read_number(address, 1, port_max, port)) {
    return false;
  }
  storage = {};
  PyObject* const host = PyTuple_GET_ITEM(address, 0);
  if (family == AF_INET) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<std::uint16_t>(port));
    bytes = sizeof v4;
    return read_host(host, family, &v4.sin_addr);
  }
  long flow = 0;
  long scope = 0;
  if (!read_number(address, 2, flow_max, flow) || !read_number(address, 3, scope_max, scope)) {
    return false;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(static_cast<std::uint16_t>(port));
  v6.sin6_flowinfo = htonl(static_cast<std::uint32_t>(flow));
  v6.sin6_scope_id = static_cast<std::uint32_t>(scope);
  bytes = sizeof v6;
  return read_host(host, family, &v6.sin6_addr);
}

OwnedRef own_address(int descriptor) {
  return asked<::getsockname>(descriptor);
}

OwnedRef peer_address(int descriptor) {
  return asked<::getpeername>(descriptor);
}

}  // namespace pelton::py
