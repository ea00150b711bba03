// Ends a listening socket without losing a connection: a client is either refused, or waits in the
// listener's queue until some process accepts it.
#pragma once

#include <cstdint>

namespace pelton {

class ListenerEnd {
 public:
  explicit ListenerEnd(int listener) : listener_(listener) {}

  // Call repeatedly while connections are accepted; true once the listener is shut down. Over TCP
  // its queue empties first: new handshakes are dropped, handshakes in progress get time to end,
  // then the waiting connections are accepted, for at most accept_ms_max. A Unix socket is shut
  // down at once: connections in its queue can still be accepted later.
  bool proceed(std::uint64_t now_ms);
  // When nobody accepts any more: resets the TCP connections that wait.
  void shut();
  bool is_shut() const { return stage_ == Stage::shut; }

  static constexpr std::uint64_t accept_ms_max = 1000;
  // Time for handshakes in progress: a network round trip, or the delay inside one machine.
  static constexpr std::uint64_t handshake_ms = 200;
  static constexpr std::uint64_t handshake_loopback_ms = 10;

 private:
  enum class Stage : std::uint8_t { open, handshakes, shut };

  int listener_;
  Stage stage_ = Stage::open;
  std::uint64_t handshakes_until_ms_ = 0;
};

// Whether a connection waits to be accepted.
bool has_connection_waiting(int listener);

}  // namespace pelton
