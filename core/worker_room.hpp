// For how many workers, and for how many of their processes, a supervisor makes room at its start.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace pelton {

// Slots for `count` workers at the start and for those that TTIN adds.
constexpr std::size_t slots_for(std::size_t count) {
  constexpr std::size_t added_max = 8;
  return count + std::min(count, added_max);
}

// Banks of counters for processes. One has its bank until it has ended: several generations may
// finish their requests at the same time.
constexpr std::uint32_t banks_for(std::size_t count) {
  constexpr std::size_t per_slot = 4;
  constexpr std::size_t banks_min = 16;
  return static_cast<std::uint32_t>(std::max(per_slot * slots_for(count), banks_min));
}

}  // namespace pelton
