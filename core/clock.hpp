// Monotonic time, read once per turn of the loop and used for everything in that turn. Tests use a
// virtual clock instead.
#pragma once

#include <cstdint>
#include <ctime>

#include "core/monotonic.hpp"

namespace pelton {

class Clock {
 public:
  virtual ~Clock() = default;

  // Nanoseconds on a clock that never jumps, as of the last refresh().
  std::uint64_t now_ns() const { return now_ns_; }
  std::uint64_t now_ms() const { return now_ms_; }
  // Seconds since the epoch, as of the last refresh(); only Date and log lines may use it.
  std::int64_t wall_seconds() const { return wall_seconds_; }

  // Nanoseconds on the same clock at this very moment; measures parts of a turn.
  virtual std::uint64_t read_ns() const { return monotonic_ns(); }

  // Reads the monotonic time again, after work that may have taken long.
  void reread() { set_now_ns(read_ns()); }

  virtual void refresh() {
    set_now_ns(Clock::read_ns());
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &time);
    wall_seconds_ = time.tv_sec;
  }

 protected:
  void set_now_ns(std::uint64_t now_ns) {
    now_ns_ = now_ns;
    now_ms_ = now_ns / 1'000'000;
  }

  std::uint64_t now_ns_ = 0;
  std::uint64_t now_ms_ = 0;  // now_ns_ divided once, because every request reads it several times
  std::int64_t wall_seconds_ = 0;
};

// A clock that moves only by advance_ns().
class VirtualClock final : public Clock {
 public:
  std::uint64_t read_ns() const override { return now_ns_; }
  void refresh() override {}
  void advance_ns(std::uint64_t delta_ns) { set_now_ns(now_ns_ + delta_ns); }
  void set_wall_seconds(std::int64_t seconds) { wall_seconds_ = seconds; }
};

}  // namespace pelton
