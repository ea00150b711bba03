#include "tests/support/script.hpp"

#include <cerrno>

namespace pelton::support {

namespace {
constexpr std::uint64_t millisecond_ns = 1'000'000;
}

Script clean() {
  return {};
}

Script rough() {
  Script script;
  script.name = "rough";
  script.receive_short = 0.5;
  script.send_short = 0.5;
  script.send_at_once = 0.5;
  script.completion_late = 0.2;
  script.completion_reordered = 0.2;
  script.multishot_ends = 0.05;
  script.accept_bursts = 0.3;
  script.late_ns_max = 20 * millisecond_ns;
  script.peer_pauses = 0.2;
  script.peer_reads_late = 0.1;
  script.peer_reads_slowly = 0.1;
  script.pause_ns_max = 200 * millisecond_ns;
  script.timer_skew = 0.1;
  script.receive_buffer_count = 4;
  script.receive_buffer_bytes = 256;
  return script;
}

Script hostile() {
  using uring::Operation;
  Script script = rough();
  script.name = "hostile";
  script.receive_short = 0.8;
  script.send_short = 0.8;
  script.send_at_once = 0.3;
  script.operation_late = 0.2;
  script.completion_late = 0.4;
  script.completion_reordered = 0.5;
  script.multishot_ends = 0.2;
  script.accept_bursts = 0.5;
  script.stale_completion = 0.2;
  script.cancel_races = 0.3;
  script.late_ns_max = 50 * millisecond_ns;
  script.peer_cut_by_finish = 0.1;
  script.peer_cut_by_half_close = 0.05;
  script.peer_cut_by_reset = 0.1;
  script.timer_skew = 0.5;
  script.receive_buffer_count = 2;
  script.receive_buffer_bytes = 64;
  script.faults = {
      {Operation::receive, ENOBUFS, 0.02},     {Operation::receive, ECANCELED, 0.02},
      {Operation::receive, EINTR, 0.02},       {Operation::receive, ECONNRESET, 0.002},
      {Operation::receive, ETIMEDOUT, 0.002},  {Operation::receive, EHOSTUNREACH, 0.001},
      {Operation::send, EINTR, 0.02},          {Operation::send, EPIPE, 0.002},
      {Operation::send, ECONNRESET, 0.002},    {Operation::send, ETIMEDOUT, 0.002},
      {Operation::accept, ECONNABORTED, 0.05}, {Operation::accept, EINTR, 0.05},
  };
  return script;
}

}  // namespace pelton::support
