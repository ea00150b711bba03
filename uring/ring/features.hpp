// What io_uring can do for this process, found by doing it; for the choice of an engine and for
// `pelton doctor`.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/stats.hpp"
#include "uring/engine.hpp"
#include "uring/engine_error.hpp"

namespace pelton::uring {

// What the system says about io_uring without being asked to do any.
struct Surroundings {
  std::string kernel_release;
  std::optional<int> io_uring_disabled;  // sysctl kernel.io_uring_disabled (kernel 6.6)
  std::optional<int> seccomp_mode;       // /proc/self/status; 2 is a filter
  std::uint64_t memlock_bytes_max = 0;   // soft limits; ~0 is none
  std::uint64_t descriptors_max = 0;
};

Surroundings surroundings();

struct OperationFact {
  std::string_view name;
  bool works = false;
};

struct RingFacts {
  Surroundings around;
  std::string liburing_version;                // empty where the library does not tell (before 2.4)
  std::vector<std::string_view> set_up_flags;  // those that this kernel took
  std::uint32_t submission_entries = 0;
  std::uint32_t completion_entries = 0;
  std::size_t receive_buffer_count = 0;
  std::vector<OperationFact> operations;
  bool usable = false;
  EngineError problem;  // when it is not
};

// Makes a ring, tries it and closes it again.
RingFacts ring_facts(const EngineOptions& options);

struct TriedRing {
  std::unique_ptr<Engine> engine;
  std::vector<std::string_view> set_up_flags;
};

// A ring engine that has shown on this thread that it works (ENG-003).
std::expected<TriedRing, EngineError> open_tried_ring(const EngineOptions& options, Stats& stats);

// The line for a call that failed with an errno in these surroundings.
EngineError explain(std::string_view call, int error, const Surroundings& around);

}  // namespace pelton::uring
