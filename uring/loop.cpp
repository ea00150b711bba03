#include "uring/loop.hpp"

namespace pelton::uring {

std::size_t Loop::turn(const WaitHook& hook) {
  work_.settle();
  const std::size_t count = engine_.turn(batch_, work_.next_deadline_ns(), hook);
  clock_.refresh();
  // Nothing reacts while the engine is reaped: the batch is complete before anyone sees it.
  work_.complete(std::span(batch_).first(count));
  return count;
}

}  // namespace pelton::uring
