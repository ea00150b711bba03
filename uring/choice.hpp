// Chooses the engine: the requested one, or the best that works here. Call it on the thread that
// will run the loop.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/stats.hpp"
#include "uring/engine.hpp"
#include "uring/engine_error.hpp"

namespace pelton::uring {

enum class EngineRequest : std::uint8_t { automatic, uring, epoll };

// From "auto", "uring" or "epoll"; no value for any other word.
std::optional<EngineRequest> engine_request(std::string_view word);

struct EngineChoice {
  std::unique_ptr<Engine> engine;
  std::string reason;  // one line for the log, without the engine's name
};

// `automatic` falls back to epoll if the ring fails in any way, and counts that. `epoll` makes no
// io_uring system call, because some filters kill a process for one (ENG-001, ENG-003).
std::expected<EngineChoice, EngineError> choose_engine(EngineRequest request,
                                                       const EngineOptions& options, Stats& stats);

}  // namespace pelton::uring
