// Counters that all processes of a server share: one memory object, made and kept by the
// supervisor, with a bank of cells for every process that may live at a time.
//
//     0        8        12       16       20                64
//     +--------+--------+--------+--------+-----------------+--------+--------+-- - -
//     | magic  | layout | reasons|  banks |  zero           | bank 0 | bank 1 |
//     +--------+--------+--------+--------+-----------------+--------+--------+-- - -
//
// A bank is one 64-bit cell for each Reason, in their order, then the CoreState, both filled up to
// whole cache lines. Bank 0 is the supervisor's, bank n + 1 that of worker slot n. A bank has one
// living writer and no lock; its cells only grow, and the next process of the slot goes on where
// the last one died (OBS-005).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>

#include "core/core_state.hpp"
#include "core/stats.hpp"

namespace pelton {

class StatsSegment {
 public:
  // The error is an errno.
  static std::expected<StatsSegment, int> create(std::uint32_t bank_count);
  // What a descriptor of another process's segment refers to, which becomes this one's; the error
  // is one line.
  static std::expected<StatsSegment, std::string> attach(int descriptor);

  StatsSegment(StatsSegment&& other) noexcept;
  StatsSegment& operator=(StatsSegment&&) = delete;
  ~StatsSegment();

  // Closed on exec; stays the segment's.
  int descriptor() const { return descriptor_; }
  std::uint32_t bank_count() const { return bank_count_; }
  StatsCells& bank(std::uint32_t index);
  CoreState& state(std::uint32_t index);
  const CoreState& state(std::uint32_t index) const;
  // Over all banks, so over all processes of all generations.
  std::uint64_t total(Reason reason) const;

 private:
  StatsSegment(int descriptor, char* memory, std::size_t bytes, std::uint32_t bank_count)
      : descriptor_(descriptor), memory_(memory), bytes_(bytes), bank_count_(bank_count) {}

  struct Bank;

  static std::size_t bytes_for(std::uint32_t bank_count);
  const Bank& bank_at(std::uint32_t index) const;

  int descriptor_;
  char* memory_;
  std::size_t bytes_;
  std::uint32_t bank_count_;
};

}  // namespace pelton
