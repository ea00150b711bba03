// Counters of one core: written by that core alone, read by anyone, so plain relaxed stores do.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/reason.hpp"

namespace noria {

class Stats {
 public:
  void count(Reason reason, std::uint64_t times = 1) {
    auto& cell = cells_[static_cast<std::size_t>(reason)];
    cell.store(cell.load(std::memory_order_relaxed) + times, std::memory_order_relaxed);
  }
  std::uint64_t of(Reason reason) const {
    return cells_[static_cast<std::size_t>(reason)].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, reason_count> cells_{};
};

}  // namespace noria
