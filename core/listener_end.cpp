#include "core/listener_end.hpp"

#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstring>

namespace pelton {
namespace {

sockaddr_storage address_of(int listener) {
  sockaddr_storage address{};
  socklen_t bytes = sizeof address;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &bytes);
  return address;
}

bool is_loopback(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    sockaddr_in inet{};
    std::memcpy(&inet, &address, sizeof inet);
    return (ntohl(inet.sin_addr.s_addr) >> IN_CLASSA_NSHIFT) == IN_LOOPBACKNET;
  }
  sockaddr_in6 inet6{};
  std::memcpy(&inet6, &address, sizeof inet6);
  return IN6_IS_ADDR_LOOPBACK(&inet6.sin6_addr);
}

// Drops segments with SYN, so that the client tries again a second later and is refused. The last
// segment of a handshake in progress gets through, with syncookies or without. Accepted connections
// inherit the filter, which passes all their segments. False if socket filters are not available.
bool drop_handshakes(int listener) {
  constexpr std::uint32_t flags_at = 13;  // in the TCP header, at which the filter's input begins
  constexpr std::uint32_t syn = 0x02;
  constexpr std::uint32_t whole = 0xffff'ffff;
  sock_filter code[] = {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, flags_at),
                        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, syn, 0, 1),
                        BPF_STMT(BPF_RET | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, whole)};
  const sock_fprog program{.len = sizeof code / sizeof code[0], .filter = code};
  return ::setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

}  // namespace

bool has_connection_waiting(int listener) {
  pollfd entry{listener, POLLIN, 0};
  return ::poll(&entry, 1, 0) > 0 && (entry.revents & POLLIN) != 0;
}

bool ListenerEnd::proceed(std::uint64_t now_ms) {
  if (stage_ == Stage::open) {
    const sockaddr_storage address = address_of(listener_);
    const bool over_tcp = address.ss_family == AF_INET || address.ss_family == AF_INET6;
    if (!over_tcp) {
      shut();
      return true;
    }
    stage_ = Stage::handshakes;
    handshakes_until_ms_ = now_ms;
    if (drop_handshakes(listener_)) {
      handshakes_until_ms_ += is_loopback(address) ? handshake_loopback_ms : handshake_ms;
    }
  }
  if (stage_ == Stage::shut) return true;
  if (now_ms < handshakes_until_ms_) return false;
  const bool waits = has_connection_waiting(listener_);
  if (waits && now_ms < handshakes_until_ms_ + accept_ms_max) return false;
  shut();
  return true;
}

void ListenerEnd::shut() {
  stage_ = Stage::shut;
  ::shutdown(listener_, SHUT_RDWR);
}

}  // namespace pelton
