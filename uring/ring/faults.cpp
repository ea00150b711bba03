// What a ring that serves does about errors of the kernel's (protocol 10.3): waits, takes an older
// form of an operation, or tells that it cannot go on.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/check.hpp"
#include "core/monotonic.hpp"
#include "uring/limits.hpp"
#include "uring/ring/ring.hpp"
#include "uring/sockets/socket_options.hpp"

namespace pelton::uring {

void RingEngine::entered(int result) {
  switch (-result) {
    case ETIME:  // the deadline
    case EINTR:  // a signal; the caller's next turn follows its handling
    case EBUSY:  // completions wait in the kernel, and turn() collects before it submits
      return;
    case EAGAIN:
    case ENOMEM:
      return starve(-result);
    case EBADF:
    case EFAULT:
      CHECK(!"a ring or memory that is not ours to use (ENG-038)");
      return;
    case EBADR:
      // The kernel dropped a completion, so some operation will never end (ENG-032).
      if (told_ != Trouble::broken) stats_.count(Reason::fault_engine_completion_lost);
      break;
    default:
      if (result >= 0) {
        if (result > 0) submit_retry_ns_ = 0;
        if (result > 0 && told_ == Trouble::starved) tell(told_ = Trouble::none, 0);
        return;
      }
  }
  // What the trial has seen work does not any more (ENG-039): only a new worker can be trusted.
  if (std::exchange(told_, Trouble::broken) != Trouble::broken) tell(told_, -result);
}

// Asks again after a pause; who waits for too long gives up, in two steps (ENG-034).
void RingEngine::starve(int error) {
  const std::uint64_t now_ns = monotonic_ns();
  if (submit_retry_ns_ == 0) starved_since_ns_ = now_ns;
  submit_retry_ns_ = std::clamp(submit_retry_ns_ * 2, submit_retry_ns_min, submit_retry_ns_max);
  submit_retry_at_ns_ = now_ns + submit_retry_ns_;
  if (told_ < Trouble::unusable && now_ns - starved_since_ns_ >= starved_unusable_ns) {
    tell(told_ = Trouble::unusable, error);
  } else if (told_ == Trouble::none && now_ns - starved_since_ns_ >= starved_ns) {
    tell(told_ = Trouble::starved, error);
  }
}

// A listener that somebody has shut down refuses accepts with EINVAL, and nothing is wrong with
// them.
bool RingEngine::was_shut(Token accept) const {
  const Listener& listener = listeners_[accept.slot()];
  return listener.listened && peer_state_of(listener.descriptor) != PeerState::open;
}

// An errno that says the operation is not to be had. Its older form is tried before giving up; to
// the caller it is as if a signal had come.
[[gnu::noinline]] void RingEngine::refused(Completion& completion) {
  const int error = -completion.result;
  const Operation operation = completion.token.operation();
  const bool not_known = error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
  // Of an accept and a send these are what a packet filter says.
  const bool not_allowed = error == EPERM || error == EACCES;
  if (operation == Operation::accept) {
    if (!not_known && error != ENOTSOCK) return;
    if (error == EINVAL && was_shut(completion.token)) return;
    if (std::exchange(multishot_accept_, false)) {
      stats_.count(Reason::fallback_accept_single);
      completion.result = -EINTR;
      return;
    }
  } else if (operation == Operation::receive) {
    if (!not_known && !not_allowed) return;
    if (std::exchange(multishot_receive_, false)) {
      stats_.count(Reason::fallback_engine_feature);
      completion.result = -EINTR;
      return;
    }
  } else if (operation != Operation::send || !not_known) {
    return;
  }
  if (told_ < Trouble::unusable) tell(told_ = Trouble::unusable, error);
}

}  // namespace pelton::uring
