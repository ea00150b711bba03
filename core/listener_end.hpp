// Ends a listening socket so that nobody who got in is lost: a client is either refused, or waits
// in the listener's queue for those who accept, of whatever process they are.
#pragma once

#include <cstdint>

namespace pelton {

class ListenerEnd {
 public:
  explicit ListenerEnd(int listener) : listener_(listener) {}

  // To be called again and again while connections are accepted; true once the listener is shut
  // down. Over TCP the queue is empty by then: first no handshake begins any more, then those that
  // had begun have time to end, then what waits is accepted, for at most accept_ms_max. A Unix
  // socket is shut down at once, for what waits in its queue can be accepted ever after.
  bool proceed(std::uint64_t now_ms);
  // Nobody accepts any more: whoever waits over TCP is reset.
  void shut();
  bool is_shut() const { return stage_ == Stage::shut; }

  static constexpr std::uint64_t accept_ms_max = 1000;
  // For handshakes: a round trip of the network, or the work of one machine.
  static constexpr std::uint64_t handshake_ms = 200;
  static constexpr std::uint64_t handshake_loopback_ms = 10;

 private:
  enum class Stage : std::uint8_t { open, handshakes, shut };

  int listener_;
  Stage stage_ = Stage::open;
  std::uint64_t handshakes_until_ms_ = 0;
};

// A connection waits to be accepted.
bool has_connection_waiting(int listener);

}  // namespace pelton
