// How long a supervisor waits for a worker before it acts. Nothing here looks at a clock or at a
// process: times are milliseconds of the caller's clock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

namespace pelton {

enum class Silence : std::uint8_t {
  none,   // the loop turns
  dump,   // its stacks are asked for (PRC-034)
  ended,  // it is stuck for good (LIM-093)
};

struct WorkerPatience {
  static constexpr std::uint64_t look_every_ms = 1000;  // at heartbeats
  static constexpr std::uint64_t abort_ms = 1000;       // PRC-034: from ABRT to KILL
  static constexpr std::uint64_t kill_after_ms = 1000;  // beyond the time of a stop (PRC-017)

  std::uint64_t worker_start_timeout_ms;
  std::uint64_t watchdog_dump_ms;
  std::uint64_t watchdog_kill_ms;
  std::uint64_t graceful_timeout_ms;

  // What became of a loop that turned last at `beat_ms`.
  Silence silence(std::uint64_t beat_ms, std::uint64_t now_ms) const {
    if (beat_ms + watchdog_kill_ms <= now_ms) return Silence::ended;
    return beat_ms + watchdog_dump_ms <= now_ms ? Silence::dump : Silence::none;
  }
  // When a worker started now must say that it serves (LIM-092).
  std::uint64_t ready_by_ms(std::uint64_t now_ms) const { return now_ms + worker_start_timeout_ms; }
  // When one must be gone that ends unasked: its loop turned for the last time at `beat_ms`, and
  // what comes then may take no longer than a stop (PRC-017).
  std::uint64_t gone_by_ms(std::uint64_t beat_ms) const {
    return beat_ms + graceful_timeout_ms + kill_after_ms;
  }
};

// The restarts within a window: `burst` of them are quick, after that one a second (LIM-094).
class RestartWindow {
 public:
  static constexpr std::uint64_t slow_restart_ms = 1000;

  RestartWindow(std::uint64_t burst, std::uint64_t window_ms)
      : burst_(burst), window_ms_(window_ms) {}

  // A worker has died: when its successor may start.
  std::uint64_t start_at_ms(std::uint64_t now_ms) {
    while (!starts_.empty() && starts_.front() + window_ms_ <= now_ms) starts_.pop_front();
    crowded_ = starts_.size() >= burst_;
    std::uint64_t at_ms = now_ms;
    if (crowded_) {
      const std::uint64_t last_ms = starts_.empty() ? now_ms : starts_.back();
      at_ms = std::max(now_ms, last_ms) + slow_restart_ms;
    }
    starts_.push_back(at_ms);
    return at_ms;
  }

  // The last one had to wait.
  bool crowded() const { return crowded_; }
  // Starts within the window, the last one included.
  std::size_t count() const { return starts_.size(); }

 private:
  const std::uint64_t burst_;
  const std::uint64_t window_ms_;
  std::deque<std::uint64_t> starts_;
  bool crowded_ = false;
};

}  // namespace pelton
