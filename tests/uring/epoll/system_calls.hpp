// Counts the system calls that cost an epoll server its time. Linked into a test, these definitions
// stand before the C library's and pass every call on.
#pragma once

#include <cstdint>

namespace pelton::uring {

struct SystemCalls {
  std::uint64_t receives = 0;
  std::uint64_t receives_in_vain = 0;  // EAGAIN
  std::uint64_t sends = 0;
  std::uint64_t accepts = 0;
  std::uint64_t controls = 0;  // epoll_ctl
  std::uint64_t probes = 0;    // epoll_wait with timeout 0
};

// Of this thread since it started; tests take differences.
SystemCalls system_calls();

}  // namespace pelton::uring
