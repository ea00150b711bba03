// How often each fault happens. Probabilities are per occasion, times in virtual nanoseconds. The
// engine draws everything from one seed, so a script and a seed reproduce a run.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "uring/engine.hpp"

namespace pelton::support {

// One operation kind fails with `error`: by chance, and the `nth` time (from 1; 0: by chance only).
struct Fault {
  uring::Operation operation = uring::Operation::none;
  int error = 0;
  double probability = 0;
  std::uint64_t nth = 0;
};

struct Script {
  std::string_view name = "clean";

  double receive_short = 0;         // fewer octets than are there, often one
  double send_short = 0;            // fewer octets taken than given, often one
  double send_at_once = 0;          // send_at_once() sends instead of returning -EAGAIN
  double operation_late = 0;        // performed later, with its memory in use until then
  double completion_late = 0;       // performed, but its completion comes later
  double completion_reordered = 0;  // comes after a later completion of another operation
  double multishot_ends = 0;        // with a good result and without `more`
  double accept_bursts = 0;         // accepts wait, then all happen at once
  double stale_completion = 0;      // a completion of an older generation comes again
  double cancel_races = 0;          // cancel says -EALREADY, the target ends by itself
  std::uint64_t late_ns_max = 0;

  double peer_pauses = 0;         // silence between two pieces
  double peer_cut_by_finish = 0;  // the peer closes both ways in the middle of its octets
  double peer_cut_by_half_close = 0;
  double peer_cut_by_reset = 0;
  double peer_reads_late = 0;    // a closed window for a while
  double peer_reads_slowly = 0;  // a small window, emptied now and then
  std::uint64_t pause_ns_max = 0;

  double timer_skew = 0;  // a wait ends a tick early or late
  std::uint64_t tick_ns = 1'000'000;

  std::uint32_t receive_buffer_count = 16;
  std::uint32_t receive_buffer_bytes = 4096;
  std::vector<Fault> faults;
};

// Without faults; octets arrive whole.
Script clean();
// The daily faults of a loaded server on a bad network: cuts, short sends, lateness, few buffers.
Script rough();
// Every fault of a kernel and a peer, all the time.
Script hostile();

}  // namespace pelton::support
