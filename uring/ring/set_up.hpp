// Makes an io_uring with the best flags that the kernel accepts, in sizes this process may have.
#pragma once

#include <liburing.h>

#include <cstdint>
#include <expected>
#include <span>

namespace pelton::uring {

struct SetUp {
  io_uring ring;
  std::uint32_t flags = 0;
  std::uint32_t features = 0;
};

struct SetUpFailure {
  int error = 0;          // errno
  const char* call = "";  // the call that failed
};

// Groups of flags, best first: a kernel without a flag answers EINVAL, then the next is tried.
std::span<const std::uint32_t> set_up_ladder();

// Shrinks `submission_entries` and `completion_entries` down to a floor while the kernel refuses
// memory (ENG-042); any other errno is returned at once. Unless `one_thread`, no flag binds the
// ring to the thread that makes it.
std::expected<SetUp, SetUpFailure> set_up_ring(std::uint32_t submission_entries,
                                               std::uint32_t completion_entries,
                                               bool one_thread = true);

// Restricts the ring for good to the operations of uring/ring/ops and enables it (ENG-007). Call
// this after all registrations. A kernel without restrictions is not a failure.
std::expected<void, SetUpFailure> start_ring(io_uring& ring);

}  // namespace pelton::uring
