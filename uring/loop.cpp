#include "uring/loop.hpp"

#include <algorithm>

namespace pelton::uring {

// A turn without completions has seen all events up to the end of its wait. A turn with completions
// has seen all events up to its beginning only, since the thread may have waited for other threads
// before it read the clock again.
void Seen::looked(const Engine& engine, std::uint64_t looked_ns, std::uint64_t deadline_ns,
                  std::uint64_t now_ns, std::size_t count) {
  // The completions per operation after which every descriptor has had its turn, since engines
  // serve them in turn. A busy descriptor yields several completions at a time.
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
  // The batch is complete before any handler of a completion runs.
  work_.complete(std::span(batch_).first(count));
  return count + (work_.goes_on() ? 1 : 0);
}

}  // namespace pelton::uring
