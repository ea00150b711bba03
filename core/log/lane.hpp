// One way of a log from queue to destination, as the writing thread sees it: what is queued leaves
// in pieces of whole records, what cannot leave is dropped, and the two are told apart.
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

  // Writes what is queued until there is no more, or no room. Returns how many records were dropped
  // because of an error.
  std::uint64_t write_out();
  // Drops what is queued; returns how many records that were.
  std::uint64_t drop_queued();
  // A record of the writer's own, between two others; false if it found no room.
  bool write_own(std::string_view record);

  bool blocked() const { return blocked_; }
  // The last write failed: an errno, else 0.
  int failure() const { return failure_; }
  bool empty() const { return ring.bytes_pending() == 0; }

  LogRing ring;
  LogDestination destination;
  // Refused by the producer since the last report.
  std::atomic<std::uint64_t> refused = 0;

 private:
  std::ptrdiff_t write(std::array<std::string_view, 2> pieces);

  bool blocked_ = false;
  bool inside_record_ = false;  // of the last octet written
  bool line_was_cut_ = false;   // the rest of what was begun has been dropped
  int failure_ = 0;
};

// Records in these octets, which end with one.
std::uint64_t records_in(std::array<std::string_view, 2> pieces);
// The beginning of these octets: as many whole records as `bytes_max` allows, at least one.
std::array<std::string_view, 2> whole_records(std::array<std::string_view, 2> pieces,
                                              std::size_t bytes_max);

}  // namespace pelton
