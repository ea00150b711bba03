// The deadlines of one core: a hashed wheel, O(1) to arm and disarm. A node fires at the first tick
// boundary at or after its deadline: up to one tick late, never early.
#pragma once

#include <array>
#include <cstdint>

#include "core/intrusive_list.hpp"

namespace pelton {

struct TimerNode : ListNode {
  std::uint64_t deadline_ms = 0;
  std::uint16_t wheel_slot = 0;
};

class TimerWheel {
 public:
  static constexpr std::uint64_t tick_ms = 64;
  static constexpr std::uint64_t no_deadline_ms = ~std::uint64_t{0};

  explicit TimerWheel(std::uint64_t now_ms) : tick_(now_ms / tick_ms) {}

  // Re-arming an armed node moves it.
  void arm(TimerNode& node, std::uint64_t deadline_ms);
  void disarm(TimerNode& node);

  // Takes one due node off the wheel; nullptr when none is due at `now_ms`. The caller may arm and
  // disarm any node between two calls.
  TimerNode* pop_due(std::uint64_t now_ms);

  // No node is due before this; no_deadline_ms when nothing is armed.
  std::uint64_t next_wake_ms() const;

  std::size_t armed() const { return armed_; }

 private:
  static constexpr std::size_t slot_count = 1024;  // one turn of the wheel is 65 s
  static constexpr std::uint64_t slot_mask = slot_count - 1;

  static std::uint64_t tick_of(std::uint64_t deadline_ms) {
    return (deadline_ms + tick_ms - 1) / tick_ms;
  }
  void refresh_bit(std::size_t slot);

  std::array<IntrusiveList<TimerNode>, slot_count> slots_;
  std::array<std::uint64_t, slot_count / 64> occupied_{};  // one bit per slot
  std::uint64_t tick_;                                     // the first tick not yet finished
  std::size_t armed_ = 0;
};

}  // namespace pelton
