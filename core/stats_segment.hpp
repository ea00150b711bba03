// Counters that all processes of a server share: one memory object that the supervisor creates,
// with a bank of cells for the supervisor and for each worker process.
//
//     0        8        12       16       20     64            320
//     +--------+--------+--------+--------+------+-------------+--------+--------+-- - -
//     | magic  | layout | reasons|  banks | zero | ticket keys | bank 0 | bank 1 |
//     +--------+--------+--------+--------+------+-------------+--------+--------+-- - -
//
// A bank is one 64-bit cell for each Reason, in order, then the CoreState, both padded to whole
// cache lines. Bank 0 is the supervisor's. Each other bank has one living writer, a worker, and no
// lock. Its counters only grow: the next process that has the bank continues from the values of the
// last (OBS-005).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>

#include "core/core_state.hpp"
#include "core/stats.hpp"
#include "core/ticket_keys.hpp"

namespace pelton {

class StatsSegment {
 public:
  // The error is an errno.
  static std::expected<StatsSegment, int> create(std::uint32_t bank_count);
  // Maps another process's segment and takes over its descriptor; the error is one line.
  static std::expected<StatsSegment, std::string> attach(int descriptor);

  StatsSegment(StatsSegment&& other) noexcept;
  StatsSegment& operator=(StatsSegment&&) = delete;
  ~StatsSegment();

  // Still owned by the segment. One that create() made is close-on-exec.
  int descriptor() const { return descriptor_; }
  std::uint32_t bank_count() const { return bank_count_; }
  // Shared by all processes, so that each can resume the TLS sessions of the others.
  TicketKeys& ticket_keys();
  StatsCells& bank(std::uint32_t index);
  CoreState& state(std::uint32_t index);
  const CoreState& state(std::uint32_t index) const;
  // The sum over all banks: all processes of all generations.
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
