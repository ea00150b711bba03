// Counts the system calls that take most of an epoll server's time. In a test these definitions
// replace the C library's and pass every call on.
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

// The calls of this thread since it started; tests compare two values.
SystemCalls system_calls();

}  // namespace pelton::uring
