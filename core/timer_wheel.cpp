#include "core/timer_wheel.hpp"

#include <algorithm>
#include <bit>

namespace pelton {

void TimerWheel::arm(TimerNode& node, std::uint64_t deadline_ms) {
  if (node.linked()) disarm(node);
  node.deadline_ms = deadline_ms;
  // A deadline already past goes to the slot that is checked next.
  node.wheel_slot = static_cast<std::uint16_t>(std::max(tick_of(deadline_ms), tick_) & slot_mask);
  slots_[node.wheel_slot].push_back(node);
  occupied_[node.wheel_slot / 64] |= std::uint64_t{1} << (node.wheel_slot % 64);
  ++armed_;
}

void TimerWheel::disarm(TimerNode& node) {
  if (!node.linked()) return;
  node.unlink();
  --armed_;
  refresh_bit(node.wheel_slot);
}

void TimerWheel::refresh_bit(std::size_t slot) {
  if (slots_[slot].empty()) occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
}

TimerNode* TimerWheel::pop_due(std::uint64_t now_ms) {
  const std::uint64_t now_tick = now_ms / tick_ms;
  if (armed_ == 0) {
    tick_ = std::max(tick_, now_tick + 1);
    return nullptr;
  }
  // After a long sleep it is enough to check every slot once.
  if (now_tick > tick_ + slot_count) tick_ = now_tick - slot_count;
  for (; tick_ <= now_tick; ++tick_) {
    const std::size_t slot = tick_ & slot_mask;
    if ((occupied_[slot / 64] >> (slot % 64) & 1) == 0) continue;
    // Nodes of later turns of the wheel share the slot; they move to the back and stay.
    IntrusiveList<TimerNode> later;
    TimerNode* due = nullptr;
    while (due == nullptr) {
      TimerNode* node = slots_[slot].pop_front();
      if (node == nullptr) break;
      if (tick_of(node->deadline_ms) <= now_tick) {
        due = node;
      } else {
        later.push_back(*node);
      }
    }
    while (TimerNode* node = later.pop_front()) slots_[slot].push_back(*node);
    if (due != nullptr) {
      --armed_;
      refresh_bit(slot);
      return due;
    }
  }
  // This tick is finished: a node armed for it from now on goes to the next tick. Otherwise a node
  // of a later turn of the wheel would make its slot look due until the tick is over.
  return nullptr;
}

std::uint64_t TimerWheel::next_wake_ms() const {
  if (armed_ == 0) return no_deadline_ms;
  const std::size_t start = tick_ & slot_mask;
  constexpr std::size_t words = slot_count / 64;
  for (std::size_t i = 0; i <= words; ++i) {
    const std::size_t word = (start / 64 + i) % words;
    std::uint64_t bits = occupied_[word];
    if (i == 0) bits &= ~std::uint64_t{0} << (start % 64);
    if (i == words) bits &= ~(~std::uint64_t{0} << (start % 64));
    if (bits == 0) continue;
    const std::size_t slot = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
    return (tick_ + ((slot - start) & slot_mask)) * tick_ms;
  }
  return no_deadline_ms;
}

}  // namespace pelton
