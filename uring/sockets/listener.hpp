// Listening sockets: TCP on IPv4 or IPv6, and Unix. They are close-on-exec, which whoever passes
// one on to a child clears on purpose, and non-blocking from the start: the mode belongs to all who
// share the socket, epoll needs it, a ring accepts in either.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

#include "uring/engine.hpp"

namespace pelton::uring {

// How a TCP port is shared by several sockets of ours, the kernel spreading connections over them
// (SO_REUSEPORT).
enum class PortSharing : std::uint8_t {
  none,
  founder,  // fails if anyone else has the port, also another server that shares its own
  member,   // joins the founder's
};

struct ListenFailure {
  int error = 0;     // errno, or 0 for a name that does not resolve
  std::string what;  // "cannot listen on 127.0.0.1:8000: Address already in use"
};

class Listener {
 public:
  // `host` is an address or a name, of which the first address that can be bound counts; IPv6
  // without brackets. Port 0 is any free one.
  static std::expected<Listener, ListenFailure> tcp(const std::string& host, std::uint16_t port,
                                                    int backlog, PortSharing sharing);
  // Replaces the socket a dead server has left behind at `path`, never a living one's or a file.
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
