// The waiting half of a connection: one deadline for what it waits for, one for what it sends and
// one for the handler, all looked at by one node of the wheel.
#include <algorithm>

#include "http/serve/connection.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

void Connection::wait_for(Wait what, std::uint64_t until_ms) {
  waiting_ = what;
  wait_deadline_ms_ = until_ms;
  inspect_by(until_ms);
}

// A node that is armed earlier looks at the deadline when it fires, so the usual request moves no
// timer at all.
void Connection::inspect_by(std::uint64_t until_ms) {
  if (!TimerNode::linked() || deadline_ms > until_ms) {
    shared_.timers.arm(*this,
                       std::min(until_ms, shared_.clock.now_ms() + shared_.config.rate_grace_ms));
  }
}

void Connection::inspect() {
  const std::uint64_t seen_ms = shared_.seen_ms;
  if (const Reason late = transport_.overdue(seen_ms); late != Reason::none) {
    if (late == Reason::cut_send_too_slow) return cut(late);
    shared_.stats.count(late);
    return begin_close();
  }
  if (waiting_ != Wait::nothing && seen_ms >= wait_deadline_ms_) {
    if (transport_.hears() || !transport_.may_receive()) {
      expire();
    } else {
      // Short of buffers, we have not looked at what the peer may have sent (CON-010).
      wait_deadline_ms_ = shared_.clock.now_ms() + TimerWheel::tick_ms;
    }
  }
  if (kept_ != nullptr && seen_ms >= kept_->deadline_ms) time_out();
  if (life_ == Life::upgraded) {
    socket_->inspect(seen_ms);
    if (socket_->over() || socket_->refused()) shared_.schedule(*this);
  }
  if (is_deaf() && !transport_.closing()) look_at_peer();
  if (transport_.closing()) return;
  const std::uint64_t now_ms = shared_.clock.now_ms();
  // Looking in at least once a grace period keeps the promise wait_for() and flush() rely on: no
  // deadline lies before the next look.
  std::uint64_t next_ms = now_ms + shared_.config.rate_grace_ms;
  if (is_deaf()) next_ms = std::min(next_ms, now_ms + peer_look_ms);
  if (waiting_ != Wait::nothing) next_ms = std::min(next_ms, wait_deadline_ms_);
  if (kept_ != nullptr) next_ms = std::min(next_ms, kept_->deadline_ms);
  if (socket_ != nullptr) next_ms = std::min(next_ms, socket_->deadline_ms());
  next_ms = std::min(next_ms, transport_.deadline_ms());
  if (!TimerNode::linked()) shared_.timers.arm(*this, next_ms);
}

// A FIN or RST that nobody receives.
void Connection::look_at_peer() {
  switch (transport_.peer_state()) {
    case uring::PeerState::open:
      return;
    case uring::PeerState::gone:
      return lose(Reason::lost_reset);
    case uring::PeerState::finished:
      if (socket_ != nullptr) socket_->note_peer_finished();
      if (kept_ == nullptr) return;
      kept_->note_peer_finished();
      shared_.schedule(*this);
  }
}

void Connection::expire() {
  const Wait what = waiting_;
  waiting_ = Wait::nothing;
  Stats& stats = shared_.stats;
  switch (what) {
    case Wait::nothing:
      return;
    case Wait::header:
      if (parked_ && parked_->parser.started()) {
        refuse(Reason::refused_header_timeout, method_parked());
      } else {
        stats.count(Reason::closed_no_request);
        begin_close();
      }
      return;
    case Wait::body:
      if (streams_body()) return refuse_streamed(Reason::refused_body_too_slow);
      refuse(Reason::refused_body_too_slow, method_parked());
      return;
    case Wait::drain_body:
      stats.count(Reason::closed_body_not_drained);
      unpark();
      finish();
      finish_if_flushed();
      return;
    case Wait::keep_alive:
    case Wait::drain:
      stats.count(Reason::closed_keep_alive);
      begin_close();
      return;
  }
}

}  // namespace pelton::http
