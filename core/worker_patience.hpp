// How long a supervisor waits for a worker before it acts. Pure arithmetic: all times are
// milliseconds of the caller's clock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

namespace pelton {

enum class Silence : std::uint8_t {
  none,   // the loop turns
  dump,   // the worker must log its stacks (PRC-034)
  ended,  // the worker is stuck for good and is ended (LIM-093)
};

struct WorkerPatience {
  static constexpr std::uint64_t look_every_ms = 1000;  // how often heartbeats are checked
  static constexpr std::uint64_t abort_ms = 1000;       // PRC-034: from ABRT to KILL
  static constexpr std::uint64_t kill_after_ms = 1000;  // after the time of a stop (PRC-017)

  std::uint64_t worker_start_timeout_ms;
  std::uint64_t watchdog_dump_ms;
  std::uint64_t watchdog_kill_ms;
  std::uint64_t graceful_timeout_ms;

  // The state of a loop whose last turn was at `beat_ms`.
  Silence silence(std::uint64_t beat_ms, std::uint64_t now_ms) const {
    if (beat_ms + watchdog_kill_ms <= now_ms) return Silence::ended;
    return beat_ms + watchdog_dump_ms <= now_ms ? Silence::dump : Silence::none;
  }
  // When a worker started now must report that it serves (LIM-092).
  std::uint64_t ready_by_ms(std::uint64_t now_ms) const { return now_ms + worker_start_timeout_ms; }
  // When a worker that ends by itself must be gone: its last turn was at `beat_ms`, and its
  // shutdown may take no longer than a stop (PRC-017).
  std::uint64_t gone_by_ms(std::uint64_t beat_ms) const {
    return beat_ms + graceful_timeout_ms + kill_after_ms;
  }
};

// Restarts within a time window: `burst` of them at once, further ones a second apart (LIM-094).
class RestartWindow {
 public:
  static constexpr std::uint64_t slow_restart_ms = 1000;

  RestartWindow(std::uint64_t burst, std::uint64_t window_ms)
      : burst_(burst), window_ms_(window_ms) {}

  // For a worker that has died now: when its successor may start.
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

  // The last restart was delayed.
  bool crowded() const { return crowded_; }
  // Restarts within the window, including the last one.
  std::size_t count() const { return starts_.size(); }

 private:
  const std::uint64_t burst_;
  const std::uint64_t window_ms_;
  std::deque<std::uint64_t> starts_;
  bool crowded_ = false;
};

}  // namespace pelton
