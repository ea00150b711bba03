#include "core/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace pelton {

ServiceManager::ServiceManager(const std::string& address) {
  sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
  if (address.empty() || address.size() >= sizeof name.sun_path) return;
  std::memcpy(name.sun_path, address.data(), address.size());
  if (address.front() == '@') name.sun_path[0] = '\0';
  const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_ >= 0 && ::connect(socket_, reinterpret_cast<const sockaddr*>(&name), bytes) != 0) {
    ::close(socket_);
    socket_ = -1;
  }
}

ServiceManager::~ServiceManager() {
  if (socket_ >= 0) ::close(socket_);
}

bool ServiceManager::tell(std::string_view state) const {
  if (socket_ < 0) return true;
  return ::send(socket_, state.data(), state.size(), MSG_NOSIGNAL) >= 0 || errno != EAGAIN;
}

}  // namespace pelton
