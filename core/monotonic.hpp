// The kernel's monotonic time at this moment. The time that a turn of the loop uses comes from
// core/clock.hpp.
#pragma once

#include <cstdint>
#include <ctime>

namespace pelton {

inline constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;

inline std::uint64_t monotonic_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * nanoseconds_per_second +
         static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace pelton
