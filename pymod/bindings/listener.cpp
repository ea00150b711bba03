#include "pymod/bindings/listener.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace noria::py {

namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Addresses addresses_of(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(port);
  const int trouble =
      ::getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &hints, &found);
  if (trouble == EAI_SYSTEM) throw std::system_error(errno, std::generic_category());
  if (trouble != 0) throw std::invalid_argument(::gai_strerror(trouble));
  return {found, &::freeaddrinfo};
}

void set_option(int descriptor, int level, int name) {
  const int on = 1;
  if (::setsockopt(descriptor, level, name, &on, sizeof on) != 0) {
    throw std::system_error(errno, std::generic_category());
  }
}

class OpenSocket {
 public:
  explicit OpenSocket(const addrinfo& address)
      : descriptor_(::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC, 0)) {
    if (descriptor_ < 0) throw std::system_error(errno, std::generic_category());
  }
  OpenSocket(const OpenSocket&) = delete;
  OpenSocket& operator=(const OpenSocket&) = delete;
  ~OpenSocket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  int get() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

int port_of(int descriptor) {
  sockaddr_storage address{};
  socklen_t bytes = sizeof address;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &bytes) != 0) {
    throw std::system_error(errno, std::generic_category());
  }
  const in_port_t port = address.ss_family == AF_INET6
                             ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                             : reinterpret_cast<const sockaddr_in&>(address).sin_port;
  return ntohs(port);
}

}  // namespace

std::pair<int, int> bind_listener(const std::string& host, int port, int backlog, bool reuse_port) {
  const Addresses addresses = addresses_of(host, port);
  OpenSocket socket(*addresses);
  set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR);
  if (reuse_port) set_option(socket.get(), SOL_SOCKET, SO_REUSEPORT);
  if (::bind(socket.get(), addresses->ai_addr, addresses->ai_addrlen) != 0 ||
      ::listen(socket.get(), backlog) != 0) {
    throw std::system_error(errno, std::generic_category());
  }
  const int bound = port_of(socket.get());
  return {socket.release(), bound};
}

}  // namespace noria::py
