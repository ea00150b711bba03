// The kernel's epoll set: which descriptors are watched for what, and the wait for the first of
// them. It keeps no state of its own per descriptor; the engine remembers what it asked for.
#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <utility>

#include "uring/engine.hpp"

namespace pelton::uring {

class Readiness {
 public:
  // The errno of epoll_create1 if there can be no set.
  static std::expected<Readiness, int> open();

  Readiness(Readiness&& other) noexcept
      : epoll_(std::exchange(other.epoll_, -1)), precise_(other.precise_) {}
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;
  ~Readiness();

  // Watches for exactly `events` from now on and returns 0 or the errno. `known` is a guess whether
  // the set has the descriptor already: right, it saves a system call; wrong, it costs one.
  int watch(Descriptor descriptor, std::uint32_t events, bool known);
  // Adds a descriptor that other sets watch so too: a connection wakes one of the sets that wait
  // for it, the one that was added first. Only forget() changes the interest.
  int watch_in_turn(Descriptor descriptor, std::uint32_t events);
  void forget(Descriptor descriptor);

  // How many of `events` were filled at once, without waiting; or -EINTR.
  int poll(std::span<epoll_event> events);
  // The same, waiting for the first one at most `left_ns`, or for ever with no_deadline.
  int wait(std::span<epoll_event> events, std::uint64_t left_ns);

 private:
  explicit Readiness(int epoll) : epoll_(epoll) {}

  int epoll_;
  // epoll_pwait2 works here; without it deadlines are rounded up to milliseconds.
  bool precise_ = false;
};

}  // namespace pelton::uring
