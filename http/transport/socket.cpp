#include "http/transport/socket.hpp"

#include <cerrno>

#include <algorithm>
#include <array>

#include "core/check.hpp"

namespace pelton::http {

namespace {

// How long after each failure an operation is tried again (ENG-035).
constexpr std::array<std::uint64_t, 3> retry_pauses_ns = {1'000'000, 10'000'000, 100'000'000};
// A failure so much later begins the pauses anew.
constexpr std::uint32_t failures_forgotten_ms = 1000;

}  // namespace

Fault fault_of(int error) {
  switch (error) {
    case EINTR:
    case EAGAIN:
    case ECANCELED:  // not by us (ENG-023): errnos are not looked at while closing
      return Fault::passing;
    case ENOBUFS:
    case ENOMEM:
      return Fault::starved;
    case ECONNRESET:
    case EPIPE:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case ECONNABORTED:
    case ENOTCONN:
      return Fault::peer_lost;
    case ETIMEDOUT:
      return Fault::peer_silent;
    case EBADF:
    case EFAULT:
      return Fault::ours;
    default:
      return Fault::unknown;
  }
}

Reason fatal_reason(int error) {
  switch (fault_of(error)) {
    case Fault::peer_lost:
      return Reason::lost_reset;
    case Fault::peer_silent:
      return Reason::lost_timeout;
    case Fault::unknown:
      return Reason::cut_engine_unknown;
    default:
      break;
  }
  CHECK(!"a descriptor or memory that is not ours to use (ENG-038)");
  return Reason::none;
}

void Socket::cancel(uring::Operation operation) {
  ++cancels_in_flight;
  shared.engine.cancel(token(uring::Operation::cancel), token(operation));
}

Reason Socket::retry_later() {
  const auto now_ms = static_cast<std::uint32_t>(shared.clock.now_ms());
  if (now_ms - failed_ms_ >= failures_forgotten_ms) failures_ = 0;
  failed_ms_ = now_ms;
  if (failures_ == retry_pauses_ns.size()) return Reason::cut_engine_memory;
  retry_at(shared.clock.now_ns() + retry_pauses_ns[failures_++]);
  return Reason::none;
}

void Socket::retry_soon() {
  const std::uint64_t at_ns = shared.clock.now_ns() + retry_pauses_ns[0];
  if (at_ns < retry_at_ns_) retry_at(at_ns);
}

// In a queue of its own: a tick of the timer wheel is longer than most of these pauses.
void Socket::retry_at(std::uint64_t at_ns) {
  retry_at_ns_ = at_ns;
  shared.retries.push({at_ns, place});
}

// If two retries were planned, the earlier one does the work of both.
bool Socket::take_retry() {
  if (retry_at_ns_ > shared.clock.now_ns()) return false;
  forget_retry();
  return true;
}

}  // namespace pelton::http
