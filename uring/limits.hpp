// Bounds of the engines that users cannot set; the bounds they can set are in EngineOptions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pelton::uring {

// The most octets of one receive or send; the rest needs another operation, as after a short one.
// An entry of a ring counts octets in 32 bits.
inline constexpr std::size_t transfer_bytes_max = std::size_t{1} << 30;

// The sizes at which shrinking stops when the kernel refuses memory (ENG-042); smaller sizes that a
// caller requests are kept.
inline constexpr std::uint32_t submission_entries_floor = 16;
inline constexpr std::uint32_t receive_buffer_count_floor = 32;

// Threads the kernel may start for one ring, bounded and unbounded work each (ENG-007).
inline constexpr unsigned kernel_workers_max = 4;

// When the trial of a fresh ring gives up. Including closing the ring, the choice of an engine
// stays below one second (ENG-002, ENG-003).
inline constexpr std::uint64_t probe_timeout_ns = 700'000'000;

// The pause before submitting again after the kernel had no memory: it doubles from the first to
// the second of these (ENG-034).
inline constexpr std::uint64_t submit_retry_ns_min = 1'000'000;
inline constexpr std::uint64_t submit_retry_ns_max = 100'000'000;
// How long a ring has been starved when it takes no new work, and when it is given up.
inline constexpr std::uint64_t starved_ns = 1'000'000'000;
inline constexpr std::uint64_t starved_unusable_ns = 5'000'000'000;

// How long closing a ring waits for the operations in flight.
inline constexpr std::uint64_t close_timeout_ns = 200'000'000;

}  // namespace pelton::uring
