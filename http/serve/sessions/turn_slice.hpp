// The share of one turn of the loop that a connection with pipelined requests has: so many
// requests, or so much time. The others have theirs before it goes on (ENG-016).
#pragma once

#include <cstdint>

#include "core/clock.hpp"
#include "http/serve/turn_queue.hpp"

namespace pelton::http {

class TurnSlice {
 public:
  static constexpr std::uint16_t requests_max = 128;
  static constexpr std::uint64_t time_ns_max = 100'000;

  // One more request was handled in this turn. `served_since_ns`: when the loop turned to the
  // connection, 0 if it did not look at the clock then. The clock is read behind the first request,
  // and then only as often as the time that requests have taken makes it worth.
  bool is_over(std::uint32_t turn, std::uint64_t served_since_ns, Clock& clock) {
    if (turn_ != turn) {
      turn_ = turn;
      since_ns_ = served_since_ns;
      requests_ = 0;
      clock_at_ = 1;
    }
    if (++requests_ >= requests_max) return true;
    if (requests_ < clock_at_) return false;
    const std::uint64_t now_ns = clock.read_ns();
    if (since_ns_ == 0) {
      since_ns_ = now_ns;
      clock_at_ = static_cast<std::uint16_t>(requests_ + 1);
      return false;
    }
    const std::uint64_t elapsed_ns = now_ns - since_ns_;
    if (elapsed_ns >= time_ns_max) {
      requests_ = requests_max;
      return true;
    }
    clock_at_ = static_cast<std::uint16_t>(requests_ +
                                           count_until_look(requests_, elapsed_ns, time_ns_max));
    return false;
  }

 private:
  std::uint64_t since_ns_ = 0;
  std::uint32_t turn_ = 0;
  std::uint16_t requests_ = 0;
  std::uint16_t clock_at_ = 0;  // so many requests on, the clock is read
};

}  // namespace pelton::http
