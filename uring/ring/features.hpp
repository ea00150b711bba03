// Finds out by trying what io_uring can do for this process, to choose an engine and for
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

// Facts about the system that matter for io_uring, found without using it.
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
  std::string liburing_version;                // empty before 2.4, which cannot report it
  std::vector<std::string_view> set_up_flags;  // the flags that this kernel accepted
  std::uint32_t submission_entries = 0;
  std::uint32_t completion_entries = 0;
  std::size_t receive_buffer_count = 0;
  std::vector<OperationFact> operations;
  bool usable = false;
  EngineError problem;  // if not usable
};

// Makes a ring, tries it and closes it again.
RingFacts ring_facts(const EngineOptions& options);

struct TriedRing {
  std::unique_ptr<Engine> engine;
  std::vector<std::string_view> set_up_flags;
};

// Opens a ring engine and tries it on this thread (ENG-003).
std::expected<TriedRing, EngineError> open_tried_ring(const EngineOptions& options, Stats& stats);

// The words for a call that failed with an errno in these surroundings.
EngineError explain(std::string_view call, int error, const Surroundings& around);

}  // namespace pelton::uring
