#include "uring/sockets/socket_options.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace pelton::uring {

namespace {

int set(Descriptor socket, int level, int option, int value) {
  return ::setsockopt(socket, level, option, &value, sizeof value) == 0 ? 0 : errno;
}

}  // namespace

int set_stream_options(Descriptor listener, const StreamOptions& options) {
  int domain = 0;
  socklen_t bytes = sizeof domain;
  if (::getsockopt(listener, SOL_SOCKET, SO_DOMAIN, &domain, &bytes) != 0) return errno;
  if (domain == AF_UNIX) return 0;
  if (const int error = set(listener, IPPROTO_TCP, TCP_NODELAY, 1); error != 0) return error;
  if (const int error = set(listener, SOL_SOCKET, SO_KEEPALIVE, 1); error != 0) return error;
  const auto unsent_low = static_cast<int>(options.unsent_bytes_low);
  if (const int error = set(listener, IPPROTO_TCP, TCP_NOTSENT_LOWAT, unsent_low); error != 0) {
    return error;
  }
  return set(listener, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(options.user_timeout_ms));
}

bool has_unread_octets(Descriptor socket) {
  int bytes = 0;
  return ::ioctl(socket, FIONREAD, &bytes) == 0 && bytes > 0;
}

PeerState peer_state_of(Descriptor socket) {
  pollfd entry{socket, POLLRDHUP, 0};
  if (::poll(&entry, 1, 0) <= 0) return PeerState::open;
  if ((entry.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return PeerState::gone;
  return (entry.revents & POLLRDHUP) != 0 ? PeerState::finished : PeerState::open;
}

bool is_listening(Descriptor socket) {
  int listens = 0;
  socklen_t bytes = sizeof listens;
  return ::getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listens, &bytes) == 0 && listens != 0;
}

std::uint32_t accept_queue_max(Descriptor listener) {
  tcp_info info{};
  socklen_t bytes = sizeof info;
  // For a listener the kernel reports the length of its accept queue and the bound in these fields.
  if (::getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &bytes) == 0 && info.tcpi_sacked > 0) {
    return info.tcpi_sacked;
  }
  constexpr std::uint32_t kernels_own_max = 4096;  // net.core.somaxconn
  return kernels_own_max;
}

void reset_on_close(Descriptor socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void close_with_reset(Descriptor socket) {
  reset_on_close(socket);
  ::close(socket);
}

}  // namespace pelton::uring
