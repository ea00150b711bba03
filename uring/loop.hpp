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
  // Everything that is due: timers, then one send for every connection that has output.
  virtual void settle() = 0;
  // Nanoseconds on the loop's clock at which settle() is wanted again.
  virtual std::uint64_t next_deadline_ns() const = 0;
  virtual void complete(std::span<const Completion> batch) = 0;
};

class Loop {
 public:
  // `turn_completions_max` are taken per turn before what they caused is flushed (LIM-096).
  Loop(Engine& engine, Clock& clock, Work& work, std::size_t turn_completions_max = 256)
      : engine_(engine), clock_(clock), work_(work), batch_(turn_completions_max) {
    clock_.refresh();
  }
  Loop(const Loop&) = delete;

  // One turn; returns how many completions it worked on.
  std::size_t turn(const WaitHook& hook);

 private:
  Engine& engine_;
  Clock& clock_;
  Work& work_;
  std::vector<Completion> batch_;
};

}  // namespace pelton::uring
