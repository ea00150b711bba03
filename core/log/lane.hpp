// The queue and the destination of one log, as the writing thread sees them: queued records are
// written in pieces of whole records, and records that cannot be written are dropped and counted.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/log/destination.hpp"
#include "core/log/ring.hpp"

namespace pelton {

class LogLane {
 public:
  LogLane(LogDestination to, std::size_t bytes_max) : ring(bytes_max), destination(std::move(to)) {}

  // Writes queued records until the queue is empty or the destination is full. Returns how many
  // records an error made it drop.
  std::uint64_t write_out();
  // Drops all queued records and returns their number.
  std::uint64_t drop_queued();
  // Writes a record of the log writer itself, between two queued ones; false if it was not written.
  bool write_own(std::string_view record);

  bool blocked() const { return blocked_; }
  // The errno of the last write, 0 if it succeeded.
  int failure() const { return failure_; }
  bool empty() const { return ring.bytes_pending() == 0; }

  LogRing ring;
  LogDestination destination;
  // Records the producer could not append since the last report.
  std::atomic<std::uint64_t> refused = 0;

 private:
  std::ptrdiff_t write(std::array<std::string_view, 2> pieces);

  bool blocked_ = false;
  bool inside_record_ = false;  // the last octet written was no line feed
  bool line_was_cut_ = false;   // the rest of a partly written record was dropped
  int failure_ = 0;
};

// The number of records in these octets, which end where a record ends.
std::uint64_t records_in(std::array<std::string_view, 2> pieces);
// The first records of these octets: as many whole ones as fit into `bytes_max`, at least one.
std::array<std::string_view, 2> whole_records(std::array<std::string_view, 2> pieces,
                                              std::size_t bytes_max);

}  // namespace pelton
