// How a ring in use reacts to errors of the kernel (protocol 10.3): it waits, uses an older form of
// an operation, or reports that it cannot go on.
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
    case EINTR:  // a signal; the caller handles it and makes the next turn
    case EBUSY:  // completions wait in the kernel; turn() collects them before it submits
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
  // A call that worked in the trial fails now (ENG-039): only a new worker can be trusted.
  if (std::exchange(told_, Trouble::broken) != Trouble::broken) tell(told_, -result);
}

// Plans the next try after a pause; reports starving for too long, in two steps (ENG-034).
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

// Whether the accept's listener was shut down: it then refuses accepts with EINVAL, which is no
// fault of the ring.
bool RingEngine::was_shut(Token accept) const {
  const Listener& listener = listeners_[accept.slot()];
  return listener.listened && peer_state_of(listener.descriptor) != PeerState::open;
}

// Handles an errno that says the kernel refuses the operation. An older form of it is tried before
// giving up; the caller sees EINTR and starts the operation again.
[[gnu::noinline]] void RingEngine::refused(Completion& completion) {
  const int error = -completion.result;
  const Operation operation = completion.token.operation();
  const bool not_known = error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
  // For an accept or a send these come from a packet filter.
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
