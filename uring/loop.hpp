// The event loop of one core. The server implements Work; the loop only decides when to call it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/clock.hpp"
#include "uring/engine.hpp"

namespace pelton::uring {

class Work {
 public:
  virtual ~Work() = default;
  // Does everything that is due: timers, then one send for every connection that has output. All
  // events up to `seen_ns` have been given to complete(): deadlines are compared with `seen_ns` and
  // not with the clock, so that an event that came in time is never late.
  virtual void settle(std::uint64_t seen_ns) = 0;
  // When settle() must be called again, in nanoseconds on the loop's clock.
  virtual std::uint64_t next_deadline_ns() const = 0;
  virtual void complete(std::span<const Completion> batch) = 0;
  // Whether work waits for the next turn even without a completion.
  virtual bool goes_on() const { return false; }
  // How long a task that becomes ready now will wait; 0 unless tasks have been waiting for long.
  virtual std::uint64_t wait_ns() const { return 0; }
};

// The time up to which all events have been returned as completions.
class Seen {
 public:
  explicit Seen(std::uint64_t now_ns) : ns_(now_ns) {}

  // Call after each turn of the engine: one that began at `looked_ns`, was to wait until
  // `deadline_ns` at most and returned `count` completions before `now_ns`.
  void looked(const Engine& engine, std::uint64_t looked_ns, std::uint64_t deadline_ns,
              std::uint64_t now_ns, std::size_t count);
  std::uint64_t ns() const { return ns_; }

 private:
  std::uint64_t ns_;
  std::uint64_t behind_since_ns_ = 0;
  std::size_t told_behind_ = 0;
};

class Loop {
 public:
  // A turn takes at most `turn_completions_max` completions; their output goes out then (LIM-096).
  Loop(Engine& engine, Clock& clock, Work& work, std::size_t turn_completions_max = 256)
      : engine_(engine), clock_(clock), work_(work), batch_(turn_completions_max), seen_(0) {
    clock_.refresh();
    seen_ = Seen(clock_.now_ns());
  }
  Loop(const Loop&) = delete;

  // One turn; returns the number of its completions, plus one if work waits for the next turn.
  std::size_t turn(const WaitHook& hook);

 private:
  Engine& engine_;
  Clock& clock_;
  Work& work_;
  std::vector<Completion> batch_;
  Seen seen_;
};

}  // namespace pelton::uring
