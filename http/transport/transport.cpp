#include "http/transport/transport.hpp"

#include <algorithm>
#include <utility>

namespace pelton::http {

using uring::Operation;

Transport::Transport(Transports& shared, uring::Descriptor descriptor, uring::Token place)
    : socket_(shared, descriptor, place), receiver_(socket_), sender_(socket_) {
  ++shared.live_count;
}

Transport::~Transport() {
  --socket_.shared.live_count;
}

void Transport::set_filter(std::unique_ptr<OctetFilter> filter, std::uint64_t until_ms) {
  socket_.set_detour(filtering, true);
  socket_.set_detour(handshaking, !filter->is_established());
  socket_.filter =
      std::make_unique<FilterStage>(std::move(filter), socket_.shared.blocks, until_ms);
}

// --- time ---

std::uint64_t Transport::deadline_ms() const {
  // While no receive is armed, nobody has looked at what the peer has sent.
  if (lingering() && receiver_.hears())
    return std::min(linger_deadline_ms_, sender_.octets_due_ms());
  const std::uint64_t next_ms = sender_.deadline_ms();
  return awaits_filter() ? std::min(next_ms, socket_.filter->established_by_ms()) : next_ms;
}

Reason Transport::overdue(std::uint64_t seen_ms) const {
  if (seen_ms < deadline_ms()) return Reason::none;
  if (lingering()) return Reason::closed_linger_timeout;
  return awaits_filter() && seen_ms >= socket_.filter->established_by_ms()
             ? Reason::cut_tls_handshake_timeout
             : Reason::cut_send_too_slow;
}

bool Transport::retry() {
  if (!socket_.take_retry()) return false;
  sender_.retry();
  return receiver_.retry();
}

// --- the end ---

bool Transport::begin_farewell() {
  if (!has_filter() || socket_.state != State::open || sender_.is_sending() ||
      !sender_.output().empty()) {
    return false;
  }
  finish();
  leaves_once_flushed_ = sender_.filter_has_octets();
  return leaves_once_flushed_;
}

bool Transport::linger() {
  Transports& shared = socket_.shared;
  if (shared.lingering_count >= shared.rules.lingering_max ||
      shared.live_count >= shared.rules.linger_live_max) {
    shared.stats.count(Reason::closed_linger_skipped);
    return false;
  }
  socket_.state = State::lingering;
  ++shared.lingering_count;
  shutdown_in_flight_ = true;
  shared.engine.shutdown(socket_.token(Operation::shutdown), socket_.descriptor);
  linger_deadline_ms_ = shared.clock.now_ms() + shared.rules.linger_timeout_ms;
  note_discarded();
  receiver_.resume();
  return true;
}

void Transport::note_discarded() {
  sender_.await_octets(socket_.shared.clock.now_ms() + socket_.shared.rules.linger_idle_ms);
}

void Transport::close() {
  if (lingering()) --socket_.shared.lingering_count;
  socket_.state = State::closing;
  socket_.forget_retry();
  receiver_.stop();
  sender_.stop();
}

bool Transport::is_quiet() const {
  return !receiver_.is_armed() && !sender_.is_sending() && !sender_.awaits_room() &&
         !shutdown_in_flight_ && socket_.cancels_in_flight == 0 && !close_in_flight_;
}

bool Transport::close_descriptor() {
  uring::Engine& engine = socket_.shared.engine;
  if (reset_wanted_) {
    engine.reset(socket_.descriptor);
    return false;
  }
  close_in_flight_ = true;
  engine.close(socket_.token(Operation::close), socket_.descriptor);
  return true;
}

}  // namespace pelton::http
