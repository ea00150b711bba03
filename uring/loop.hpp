// The turn of one core. Whoever serves implements Work; the loop decides only when.
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
  // Everything that is due: timers, then one send for every connection that has output. Whatever
  // had happened by `seen_ns` was given to complete(): deadlines are judged by it and not by the
  // clock, so that what came in time is never called late.
  virtual void settle(std::uint64_t seen_ns) = 0;
  // Nanoseconds on the loop's clock at which settle() is wanted again.
  virtual std::uint64_t next_deadline_ns() const = 0;
  virtual void complete(std::span<const Completion> batch) = 0;
  // Something waits for the next turn, whatever the engine brings.
  virtual bool goes_on() const { return false; }
  // How long what becomes ready now waits for its turn; 0 unless the work has long been behind.
  virtual std::uint64_t wait_ns() const { return 0; }
};

// Up to when everything that has happened has been told.
class Seen {
 public:
  explicit Seen(std::uint64_t now_ns) : ns_(now_ns) {}

  // The engine has had a turn that began at `looked_ns`, would have waited until `deadline_ns` and
  // returned `count` completions before `now_ns`.
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
  // `turn_completions_max` are taken per turn before what they caused is flushed (LIM-096).
  Loop(Engine& engine, Clock& clock, Work& work, std::size_t turn_completions_max = 256)
      : engine_(engine), clock_(clock), work_(work), batch_(turn_completions_max), seen_(0) {
    clock_.refresh();
    seen_ = Seen(clock_.now_ns());
  }
  Loop(const Loop&) = delete;

  // One turn; returns how many completions it worked on, one more if work waits for the next.
  std::size_t turn(const WaitHook& hook);

 private:
  Engine& engine_;
  Clock& clock_;
  Work& work_;
  std::vector<Completion> batch_;
  Seen seen_;
};

}  // namespace pelton::uring
