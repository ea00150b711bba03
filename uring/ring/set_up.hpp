// Makes an io_uring with the best flags this kernel takes, in sizes this process may have.
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
  const char* call = "";  // what refused
};

// Kernels older than a flag answer EINVAL, and the next group of the ladder is tried.
std::span<const std::uint32_t> set_up_ladder();

// `submission_entries` and `completion_entries` shrink down to a floor while memory is refused
// (ENG-042). Any other errno is the answer at once. Unless `one_thread`, no flag binds it to the
// thread that makes it.
std::expected<SetUp, SetUpFailure> set_up_ring(std::uint32_t submission_entries,
                                               std::uint32_t completion_entries,
                                               bool one_thread = true);

// Confines the ring to the operations of uring/ring/ops for good and sets it going (ENG-007). Comes
// after everything that is registered with it. A kernel that cannot confine is no failure.
std::expected<void, SetUpFailure> start_ring(io_uring& ring);

}  // namespace pelton::uring
