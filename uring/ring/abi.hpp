// Constants of newer kernels that the headers of liburing 2.3 lack. The engine tests for each of
// them before using it.
#pragma once

#include <cstdint>

namespace pelton::uring {

// io_uring_enter(2) takes the timeout as a point on the ring's clock (kernel 6.12).
inline constexpr std::uint32_t enter_absolute_timer = 1u << 5;
// The wait is not accounted as waiting for a disk, so an idle server is shown as idle
// (kernel 6.15).
inline constexpr std::uint32_t enter_no_iowait = 1u << 7;
inline constexpr std::uint32_t feature_no_iowait = 1u << 17;

}  // namespace pelton::uring
