// Listening sockets: TCP on IPv4 or IPv6, and Unix. They are close-on-exec, which is cleared only
// for a child that inherits one, and non-blocking from the start: all processes that share a socket
// share its mode, epoll needs it non-blocking, and a ring accepts in either mode.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <utility>

#include "uring/engine.hpp"

namespace pelton::uring {

// How several sockets of this server share a TCP port, over which the kernel then spreads
// connections (SO_REUSEPORT).
enum class PortSharing : std::uint8_t {
  none,
  founder,  // fails if any other socket has the port, even one that shares it
  member,   // joins the founder's port
};

// Has the kernel give a connection whose first packet came in on `cpus[i]` to the socket that was
// bound as the (i modulo `sockets`)th of those that share the port of `member`, and any other to
// one of them as without this. False, with errno: the kernel refuses (SO_ATTACH_REUSEPORT_CBPF in
// socket(7)).
bool steer_by_cpu(Descriptor member, std::span<const unsigned> cpus, std::size_t sockets);

struct ListenFailure {
  int error = 0;     // errno, or 0 if the name does not resolve
  std::string what;  // "cannot listen on 127.0.0.1:8000: Address already in use"
};

class Listener {
 public:
  // `host` is an address (IPv6 without brackets), or a name, whose first address that can be bound
  // is used. Port 0 is any free port.
  static std::expected<Listener, ListenFailure> tcp(const std::string& host, std::uint16_t port,
                                                    int backlog, PortSharing sharing);
  // Replaces a socket that a dead server left at `path`, never a living server's or a file.
  static std::expected<Listener, ListenFailure> unix_path(const std::string& path, int backlog);

  Listener(Listener&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), port_(other.port_) {}
  Listener& operator=(Listener&&) = delete;
  ~Listener();

  Descriptor descriptor() const { return descriptor_; }
  Descriptor release() { return std::exchange(descriptor_, -1); }
  std::uint16_t port() const { return port_; }  // 0 on a Unix socket

 private:
  explicit Listener(Descriptor descriptor) : descriptor_(descriptor) {}

  Descriptor descriptor_;
  std::uint16_t port_ = 0;
};

}  // namespace pelton::uring
