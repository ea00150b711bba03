#include "uring/sockets/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <array>
#include <cstring>

namespace pelton::uring {

namespace {

std::string text_of(int family, const void* octets) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(family, octets, text.data(), text.size());
  return text.data();
}

}  // namespace

Address address_from(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    sockaddr_in address;
    std::memcpy(&address, &storage, sizeof address);
    return {text_of(AF_INET, &address.sin_addr), ntohs(address.sin_port)};
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 address;
    std::memcpy(&address, &storage, sizeof address);
    const std::uint16_t port = ntohs(address.sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr)) {
      return {text_of(AF_INET, &address.sin6_addr.s6_addr[12]), port};
    }
    return {text_of(AF_INET6, &address.sin6_addr), port};
  }
  if (storage.ss_family == AF_UNIX) {
    sockaddr_un address;
    std::memcpy(&address, &storage, sizeof address);
    return {.host = {},
            .path = {address.sun_path, ::strnlen(address.sun_path, sizeof address.sun_path)}};
  }
  return {};
}

Address peer_address(Descriptor socket) {
  sockaddr_storage storage{};
  socklen_t bytes = sizeof storage;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&storage), &bytes) != 0) return {};
  return address_from(storage);
}

Address local_address(Descriptor socket) {
  sockaddr_storage storage{};
  socklen_t bytes = sizeof storage;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &bytes) != 0) return {};
  return address_from(storage);
}

}  // namespace pelton::uring
