// The kernel's epoll set: which descriptors are watched for which events, and the wait for the
// first event. It keeps no state per descriptor; the engine remembers the events it watches for.
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
  // The error is the errno of epoll_create1(2).
  static std::expected<Readiness, int> open();

  Readiness(Readiness&& other) noexcept
      : epoll_(std::exchange(other.epoll_, -1)), precise_(other.precise_) {}
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;
  ~Readiness();

  // Watches for exactly `events` from now on and returns 0 or the errno. `known` is a guess whether
  // the set has the descriptor already: a wrong guess costs a second system call.
  int watch(Descriptor descriptor, std::uint32_t events, bool known);
  // Adds a descriptor that other sets watch in the same way: a connection wakes one of the waiting
  // sets, the one that was added first. Only forget() changes the interest.
  int watch_in_turn(Descriptor descriptor, std::uint32_t events);
  void forget(Descriptor descriptor);

  // Fills `events` without waiting and returns how many there were, or -EINTR.
  int poll(std::span<epoll_event> events);
  // The same, but waits for the first event for at most `left_ns`, or for ever with no_deadline.
  int wait(std::span<epoll_event> events, std::uint64_t left_ns);

 private:
  explicit Readiness(int epoll) : epoll_(epoll) {}

  int epoll_;
  // Whether epoll_pwait2 works here; without it deadlines are rounded up to milliseconds.
  bool precise_ = false;
};

}  // namespace pelton::uring
