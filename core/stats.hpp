// Counters of one core: only that core writes them and anyone reads them, so relaxed stores are
// enough. The cells lie in the object itself, or in memory shared with other processes.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/reason.hpp"

namespace pelton {

using StatsCells = std::array<std::atomic<std::uint64_t>, reason_count>;

class Stats {
 public:
  Stats() : cells_(own_) {}
  // Continues from the values in the cells.
  explicit Stats(StatsCells& cells) : cells_(cells) {}
  Stats(const Stats&) = delete;
  Stats& operator=(const Stats&) = delete;

  void count(Reason reason, std::uint64_t times = 1) {
    auto& cell = cells_[static_cast<std::size_t>(reason)];
    cell.store(cell.load(std::memory_order_relaxed) + times, std::memory_order_relaxed);
  }
  // For a reason that count() never counts.
  void count_from_any_thread(Reason reason, std::uint64_t times) {
    cells_[static_cast<std::size_t>(reason)].fetch_add(times, std::memory_order_relaxed);
  }
  std::uint64_t of(Reason reason) const {
    return cells_[static_cast<std::size_t>(reason)].load(std::memory_order_relaxed);
  }

 private:
  StatsCells own_{};
  StatsCells& cells_;
};

}  // namespace pelton
