// What arrives on a connection: receives that complete, the octets in them, and those that wait for
// a later turn because the loop is busy (ENG-016).
#include <algorithm>
#include <utility>

#include "http/serve/connection.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

// Replaces octets that arrived by those for the session. Returns why the connection has to end, or
// none.
Reason Connection::opened(std::span<char>& octets) {
  if (origin_.awaits_proxy_header()) [[unlikely]] {
    const Reason failure = origin_.read_proxy_header(octets);
    if (failure != Reason::none) return failure;
    if (!origin_.awaits_proxy_header() && !sessions_.awaits_preface()) transport_.end_preamble();
  }
  return transport_.receiver().open(octets);
}

// A receive of a connection outside the plain path, or one that brought no octets.
void Connection::complete_rare_receive(const uring::Completion& completion) {
  // Handshakes wait until the requests of this turn are served (TLS-003).
  if (transport_.in_handshake() && !transport_.closing()) return await_turn_with(completion);
  uring::BufferLease lease;
  if (completion.buffer != uring::no_buffer) {
    lease = uring::BufferLease(shared_.receive_buffers, completion.buffer,
                               static_cast<std::size_t>(std::max(completion.result, 0)));
  }
  const bool into_room = transport_.receiver().is_into_room();
  if (!took_receive(completion, lease ? lease.octets() : std::span<char>())) return;
  lease.give_back();
  receive_on(completion.result > 0 && !into_room);
}

// Handles a receive. False if no other is to be armed in this turn.
bool Connection::took_receive(const uring::Completion& completion, std::span<char> octets) {
  switch (transport_.receiver().take(completion)) {
    case Arrival::octets:
      if (transport_.has_filter()) {
        received_sealed(octets);
      } else if (const Reason failure = opened(octets); failure != Reason::none) [[unlikely]] {
        end_for(failure);
      } else {
        received(octets);
      }
      return true;
    case Arrival::own_octets:
      sessions_.h1().reader().receive_own(static_cast<std::size_t>(completion.result));
      return true;
    case Arrival::unwanted:
      received({});
      return true;
    case Arrival::end:
      peer_finished();
      return true;
    case Arrival::nothing:
      return true;
    case Arrival::no_buffers:
      shared_.schedule(*this);
      return false;
    case Arrival::failed:
      end_for(transport_.receiver().failure());
      return true;
    case Arrival::after_closing:
      try_close();
      return false;
  }
  return false;
}

void Connection::received_sealed(std::span<char> octets) {
  const bool in_handshake = transport_.in_handshake();
  const Reason failure = opened(octets);
  if (in_handshake && !transport_.in_handshake()) sessions_.begin();
  if (!octets.empty() && !transport_.closing()) received(octets);
  transport_.receiver().let_opened_go();
  if (transport_.closing()) return;
  if (failure != Reason::none) {
    return transport_.lingering() ? close_now() : end_by_filter(failure);
  }
  if (transport_.filter()->filter().peer_has_ended() && !transport_.receiver().peer_finished()) {
    transport_.receiver().note_peer_finished();
    peer_finished();
  }
  if (!transport_.closing() && transport_.sender().can_send()) schedule();
}

// Ends the connection because its filter has failed. What the filter says of that leaves first.
void Connection::end_by_filter(Reason reason) {
  if (!transport_.sender().can_send()) return end_for(reason);
  shared_.tell(reason, &ends());
  sessions_.drop(ExchangeEvent::cancelled, reason);
  sessions_.h1().end();
  transport_.finish();
  schedule();
}

void Connection::received(std::span<char> octets) {
  if (transport_.lingering()) return transport_.note_discarded();
  sessions_.received(octets);
}

void Connection::peer_finished() {
  if (transport_.lingering()) return close_now();
  if (origin_.lacks_proxy_header()) return cut(Reason::cut_proxy_header);
  if (transport_.in_handshake()) {
    if (transport_.finishing()) return finish_if_flushed();
    shared_.stats.count(transport_.filter()->has_heard() ? Reason::lost_tls_handshake
                                                         : Reason::closed_by_peer);
    return begin_close();
  }
  sessions_.peer_finished();
}

void Connection::receive_on(bool multishot) {
  if (!transport_.receiver().is_armed() && transport_.receiver().may_be_armed()) {
    if (multishot) shared_.stats.count(Reason::engine_multishot_rearmed);
    receive_more();
  } else if (sessions_.h1().ends_once_read()) {
    transport_.receiver().cancel();
  }
}

// --- arming receives ---

void Connection::arm_receive() {
  transport_.receiver().arm(sessions_.h1().reader().room());
}

// While a receive is in flight the socket's queue cannot be known to be empty: octets may be on
// their way here. So a stop cancels the receive, and arms it again if octets are unread.
void Connection::receive_more() {
  if (sessions_.h1().ends_once_read() && !transport_.has_unread()) [[unlikely]] {
    sessions_.h1().end();
    transport_.finish();
    finish_if_flushed();
    if (!transport_.finishing()) return;
  }
  arm_receive();
}

void Connection::read_on() {
  if (!transport_.receiver().is_armed() && transport_.receiver().may_be_armed()) receive_more();
}

void Connection::pause_reading() {
  transport_.receiver().pause();
  transport_.receiver().cancel();
  inspect_by(shared_.clock.now_ms() + peer_look_ms);
}

void Connection::retry() {
  if (transport_.retry()) arm_receive();
}

// --- the queue for a turn ---

void Connection::go_on_in_turn() {
  transport_.receiver().pause();
  goes_on_ = true;
  join_queue();
}

void Connection::join_queue() {
  if (std::exchange(queued_, true)) return;
  TurnQueue& queue = transport_.in_handshake() ? shared_.handshakes : shared_.turn_queue;
  queue.join(place(), shared_.seen_ns);
}

// Copies the octets of the receive, which then wait. They take memory, so receiving stops when
// there are many (LIM-097).
void Connection::await_turn_with(uring::Completion completion) {
  if (!held_) held_ = shared_.lend_waiting();
  Output octets(shared_.blocks);
  if (completion.buffer != uring::no_buffer) {
    const uring::BufferLease lease(shared_.receive_buffers,
                                   std::exchange(completion.buffer, uring::no_buffer),
                                   static_cast<std::size_t>(std::max(completion.result, 0)));
    if (!octets.append(lease.view())) sessions_.h1().lack_memory();
  }
  held_->add(completion, std::move(octets));
  recount();
  const std::size_t bytes = held_->size() * shared_.receive_buffers.buffer_bytes();
  if (bytes >= shared_.config.receive_credit_bytes) transport_.receiver().cancel();
  join_queue();
}

void Connection::begin_turn() {
  queued_ = false;
  if (!std::exchange(goes_on_, false)) return;
  sessions_.go_on();
}

// Handles the receive that has waited longest, which may end this connection.
void Connection::take_waiting_receive() {
  WaitingReceive first = held_->take_first();
  if (held_->empty()) shared_.take_back(std::move(held_));
  recount();
  const bool into_room = transport_.receiver().is_into_room();
  const bool goes_on = took_receive(first.completion, {first.octets.data(), first.octets.size()});
  if (!goes_on) return;
  first.octets.release();
  receive_on(first.completion.result > 0 && !into_room);
}

void Connection::end_turn() {
  if (held_) join_queue();
}

}  // namespace pelton::http
