#include "uring/loop.hpp"

#include <algorithm>

namespace pelton::uring {

// A turn that finds nothing has seen everything up to the end of its wait. One that finds something
// has seen everything up to its beginning, since the thread may have waited for others before it
// looked at the clock again.
void Seen::looked(const Engine& engine, std::uint64_t looked_ns, std::uint64_t deadline_ns,
                  std::uint64_t now_ns, std::size_t count) {
  // Every engine serves its descriptors in turn, so by then each has told what it had. One that
  // brings much tells several at a time.
  constexpr std::size_t told_per_operation = 4;
  if (engine.left_behind()) [[unlikely]] {
    if (told_behind_ == 0) behind_since_ns_ = looked_ns;
    told_behind_ += count;
    if (told_behind_ <= engine.operations_in_flight() * told_per_operation) return;
    ns_ = behind_since_ns_;
  } else {
    ns_ = count > 0 ? looked_ns : std::max(looked_ns, std::min(now_ns, deadline_ns));
  }
  told_behind_ = 0;
}

std::size_t Loop::turn(const WaitHook& hook) {
  work_.settle(seen_.ns());
  const std::uint64_t deadline_ns = work_.next_deadline_ns();
  const std::uint64_t looked_ns = clock_.now_ns();
  const std::size_t count = engine_.turn(batch_, deadline_ns, hook);
  clock_.refresh();
  seen_.looked(engine_, looked_ns, deadline_ns, clock_.now_ns(), count);
  // Nothing reacts while the engine is reaped: the batch is complete before anyone sees it.
  work_.complete(std::span(batch_).first(count));
  return count + (work_.goes_on() ? 1 : 0);
}

}  // namespace pelton::uring
