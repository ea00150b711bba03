#include "http/serve/connection.hpp"

#include <cerrno>

#include <algorithm>
#include <utility>

#include "core/check.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

using uring::Completion;
using uring::Operation;
using uring::Token;

Connection::Connection(Slab<Connection>::Place place, Shared& shared, uring::Descriptor descriptor)
    : shared_(shared),
      descriptor_(descriptor),
      place_(Operation::none, place.generation, place.slot),
      pending_(shared.blocks),
      sending_(shared.blocks) {
  ++in(shared_.connection_gauges, counted_);
}

Connection::~Connection() {
  shared_.timers.disarm(*this);
  if (TurnNode::linked()) TurnNode::unlink();
  uncount();
}

const Endpoints& Connection::endpoints() {
  if (!endpoints_) endpoints_ = std::make_unique<Endpoints>(shared_.endpoints_of(descriptor_));
  return *endpoints_;
}

bool Connection::is_secure() const {
  return shared_.is_secure && shared_.is_secure(descriptor_);
}

void Connection::open() {
  shared_.clock.reread();
  arm_receive();
  wait_for(Wait::header, shared_.clock.now_ms() + shared_.config.header_timeout_ms);
}

// --- completions ---

void Connection::complete(const Completion& completion) {
  switch (completion.token.operation()) {
    case Operation::shutdown:
      shutdown_in_flight_ = false;
      break;
    case Operation::cancel:
      --cancels_in_flight_;
      break;
    case Operation::room:
      room_made(completion.result);
      return;
    case Operation::close:
      close_in_flight_ = false;
      release();
      return;
    default:
      CHECK(!"an operation no connection prepares");
  }
  if (life_ == Life::closing) try_close();
}

// Of a connection that is not in the middle of plain requests, or a receive that brought no octets.
void Connection::complete_rare_receive(const Completion& completion) {
  uring::BufferLease lease;
  if (completion.buffer != uring::no_buffer) {
    lease = uring::BufferLease(shared_.receive_buffers, completion.buffer,
                               static_cast<std::size_t>(std::max(completion.result, 0)));
  }
  const bool owned = receive_owned_;
  if (!took_receive(completion, lease ? lease.octets() : std::span<char>())) return;
  lease.give_back();
  receive_on(completion.result > 0 && !owned);
}

// False if nothing is to be received behind it in this turn.
bool Connection::took_receive(const Completion& completion, std::span<char> octets) {
  if (!completion.more) receive_armed_ = false;
  const bool owned = std::exchange(receive_owned_, false);
  const bool lent = lent_ != nullptr;
  if (lent) [[unlikely]]
    shared_.take_back(std::move(lent_));
  if (life_ == Life::closing) {
    try_close();
    return false;
  }

  const std::int32_t result = completion.result;
  if (result > 0) {
    if (life_ == Life::upgraded) {
      received_upgraded(octets);
    } else if (owned && !lent) {
      receive_own(static_cast<std::size_t>(result));
    } else {
      // What came into the memory of a message that is over is part of it, and in no lease.
      received(lent ? std::string_view() : std::string_view(octets.data(), octets.size()));
    }
  } else if (result == 0) {
    peer_finished();
  } else if (result == -ENOBUFS) {
    // The data stays in the socket; the receive is armed again once this batch's leases are back.
    shared_.stats.count(Reason::fallback_receive_no_buffers);
    shared_.schedule(*this);
    return false;
  } else if (result == -ECANCELED) {
    if (!receive_cancelled_) shared_.stats.count(Reason::engine_cancelled_unasked);
    receive_cancelled_ = false;
  } else {
    receive_failed(-result);
  }
  return true;
}

void Connection::receive_on(bool multishot) {
  if (!receive_armed_ && wants_input()) {
    if (multishot) shared_.stats.count(Reason::engine_multishot_rearmed);
    receive_more();
  } else if (ended_by_stop_ && life_ == Life::open) {
    call_off_receive();
  }
}

void Connection::settle() {
  if (life_ != Life::open) [[unlikely]] {
    settle_rarely();
    if (life_ == Life::closing) return;
  }
  flush();
  // Starved of a buffer in this turn's batch, whose leases are back by now (ENG-020).
  if (!receive_armed_ && wants_input()) {
    if (shared_.receive_buffers.leases_out() == 0) {
      receive_more();
    } else {
      wait_for_buffer();
    }
  }
}

// Nothing is on its way out any more, unless more has been written since.
inline void Connection::all_sent() {
  if (input_paused_) [[unlikely]] {
    resume_input();
    if (queued_bytes() != 0) return;
  }
  if (life_ == Life::open && waiting_ == Wait::nothing && is_between_messages()) {
    wait_for(Wait::keep_alive, shared_.clock.now_ms() + shared_.idle_ms);
  }
  if (life_ != Life::open) [[unlikely]]
    all_sent_rarely();
}

[[gnu::noinline]] void Connection::all_sent_rarely() {
  if (life_ == Life::upgraded) {
    socket_->begin_sending();
    socket_->sent(shared_.clock.now_ms());
    inspect_by(socket_->deadline_ms());
  }
  finish_if_flushed();
}

// A producer that waits hears of it at the end of the turn.
void Connection::note_room() {
  if (kept_ != nullptr) kept_->note_room();
  const bool wanted = kept_ != nullptr || (socket_ != nullptr && socket_->awaits_room());
  if (wanted) shared_.schedule(*this);
}

[[gnu::noinline]] void Connection::settle_rarely() {
  if (cut_for_memory()) return;
  if (life_ == Life::handling) settle_kept();
  if (life_ == Life::upgraded) settle_websocket();
  if (life_ == Life::closing || cut_for_memory()) return;
  recount();
  // Listeners may have taken their time, and what is flushed gets a deadline.
  shared_.clock.reread();
}

void Connection::complete_send(std::int32_t result) {
  send_in_flight_ = false;
  if (life_ == Life::closing) return try_close();
  if (result < 0) [[unlikely]]
    return send_failed(-result);
  sent_bytes_ += static_cast<std::size_t>(result);
  if (life_ != Life::open && queued_bytes() <= shared_.config.send_queue_bytes_low) note_room();
  if (sent_bytes_ < sending_.size()) [[unlikely]]
    return send_rest(static_cast<std::size_t>(result));
  sending_.release();
  sent_bytes_ = 0;
  recount();
  if (pending_.empty()) return all_sent();
  if (socket_ != nullptr) [[unlikely]]
    socket_->sent(shared_.clock.now_ms());
  shared_.schedule(*this);
  if (input_paused_ && queued_bytes() <= shared_.config.send_queue_bytes_low) resume_input();
}

// A short send: one at a time per connection, so the rest follows in order (ENG-027).
void Connection::send_rest(std::size_t bytes) {
  const ServerConfig& config = shared_.config;
  shared_.stats.count(Reason::engine_short_send);
  send_deadline_ms_ =
      std::min(send_deadline_ms_ + bytes * 1000 / config.send_rate_bytes_per_second_min,
               shared_.clock.now_ms() + config.rate_credit_ms_max);
  arm_send();
  recount();
  if (input_paused_ && queued_bytes() <= config.send_queue_bytes_low) resume_input();
}

// --- octets out ---

void Connection::flush() {
  if (send_in_flight_ || pending_.empty()) [[unlikely]]
    return recount();
  const std::int32_t sent = shared_.engine.send_at_once(descriptor_, pending_.octets());
  if (sent >= 0 && static_cast<std::size_t>(sent) == pending_.size()) {
    pending_.release();
    all_sent();
  } else {
    flush_rest(sent);
  }
}

// After send_at_once(): what it did not take, or its errno.
void Connection::flush_rest(std::int32_t sent) {
  if (socket_ != nullptr) socket_->begin_sending();
  sending_.take(pending_);
  sent_bytes_ = sent > 0 ? static_cast<std::size_t>(sent) : 0;
  if (sent > 0) shared_.stats.count(Reason::engine_short_send);
  send_deadline_ms_ = shared_.clock.now_ms() + shared_.config.rate_grace_ms;
  recount();
  if (sent < 0) return send_failed(-sent);
  arm_send();
}

void Connection::arm_send() {
  send_in_flight_ = true;
  shared_.engine.send(token(Operation::send), descriptor_,
                      {sending_.data() + sent_bytes_, sending_.size() - sent_bytes_});
}

void Connection::arm_receive() {
  receive_armed_ = true;
  receive_cancelled_ = false;
  if (parked_ && owes_much()) [[unlikely]] {
    // Without memory for more it comes into the buffers that all share, and is refused from there.
    if (const std::span<char> room = parked_->room_for_body(); !room.empty()) {
      receive_owned_ = true;
      shared_.engine.receive_into(token(Operation::receive), descriptor_, room);
      return;
    }
  }
  shared_.engine.receive(token(Operation::receive), descriptor_);
}

// Nothing tells that a receive queue is empty while a receive is in flight: what it has taken may
// be on its way here. So it is called off, and asked for again if there was more.
void Connection::call_off_receive() {
  if (!receive_armed_ || receive_cancelled_) return;
  receive_cancelled_ = true;
  ++cancels_in_flight_;
  shared_.engine.cancel(token(Operation::cancel), token(Operation::receive));
}

void Connection::receive_more() {
  if (ended_by_stop_ && life_ == Life::open && !shared_.engine.has_unread(descriptor_))
      [[unlikely]] {
    life_ = Life::finishing;
    waiting_ = Wait::nothing;
    finish_if_flushed();
    if (life_ != Life::finishing) return;
  }
  arm_receive();
}

bool Connection::wants_input() const {
  return life_ != Life::closing && !peer_finished_ && !input_paused_;
}

void Connection::pause_input() {
  input_paused_ = true;
  call_off_receive();
  inspect_by(shared_.clock.now_ms() + peer_look_ms);
}

void Connection::resume_input() {
  // Paused by what waits behind the handler, or by the owner of a WebSocket.
  if (life_ == Life::handling || life_ == Life::upgraded) return;
  if (parked_ && parked_->spool) return;  // by a disk that is slower than the peer
  if (parked_ && parked_->phase == ParkedMessage::Phase::backlog) return go_on_later();
  input_paused_ = false;
  recount();
  if (life_ == Life::open && peer_finished_ && !input_paused_) peer_finished();
  if (!receive_armed_ && wants_input()) receive_more();
}

// --- life ---

void Connection::finish_if_flushed() {
  if (life_ == Life::finishing) recount();
  if (life_ != Life::finishing || send_in_flight_ || !pending_.empty()) return;
  // What lingering guards the response from is an octet that comes behind it (RFC 9112
  // section 9.6): who said `Connection: close` must not send one.
  if (peer_finished_ || peer_through_) {
    begin_close();
  } else {
    linger();
  }
}

void Connection::linger() {
  const ServerConfig& config = shared_.config;
  if (shared_.lingering_count >= config.linger_connections_max ||
      shared_.connections.live() >= shared_.linger_live_max) {
    shared_.stats.count(Reason::closed_linger_skipped);
    begin_close();
    return;
  }
  life_ = Life::lingering;
  ++shared_.lingering_count;
  if (parked_) unpark();
  shutdown_in_flight_ = true;
  shared_.engine.shutdown(token(Operation::shutdown), descriptor_);
  const std::uint64_t now_ms = shared_.clock.now_ms();
  linger_deadline_ms_ = now_ms + config.linger_timeout_ms;
  wait_for(Wait::linger, now_ms + config.linger_idle_ms);
  input_paused_ = false;
  recount();
  if (!receive_armed_) arm_receive();
}

void Connection::begin_close() {
  if (life_ == Life::closing) return;
  CHECK(kept_ == nullptr && socket_ == nullptr);
  if (life_ == Life::lingering) --shared_.lingering_count;
  life_ = Life::closing;
  forget_retries();
  shared_.timers.disarm(*this);
  if (TurnNode::linked()) TurnNode::unlink();
  if (parked_) unpark();
  call_off_receive();
  if (send_in_flight_) {
    ++cancels_in_flight_;
    shared_.engine.cancel(token(Operation::cancel), token(Operation::send));
  }
  if (room_polled_) {
    ++cancels_in_flight_;
    shared_.engine.cancel(token(Operation::cancel), token(Operation::room));
  }
  recount();
  shared_.to_close.push_back(*this);
}

void Connection::try_close() {
  if (receive_armed_ || send_in_flight_ || room_polled_ || shutdown_in_flight_ ||
      cancels_in_flight_ != 0 || close_in_flight_) {
    return;
  }
  if (TurnNode::linked()) TurnNode::unlink();
  // From here on the number is the kernel's, which may give it to the next one before it tells that
  // this one is closed.
  shared_.held.remove(descriptor_);
  if (reset_wanted_) {
    shared_.engine.reset(descriptor_);
    release();
    return;
  }
  close_in_flight_ = true;
  shared_.engine.close(token(Operation::close), descriptor_);
}

// Ends this object.
void Connection::release() {
  shared_.room_made = true;
  shared_.connections.erase(place_.slot());
}

void Connection::cut(Reason reason) {
  shared_.tell(reason, this);
  if (kept_ != nullptr) drop_kept(ExchangeEvent::cancelled, reason);
  if (socket_ != nullptr) drop_websocket();
  reset_wanted_ = true;
  begin_close();
}

void Connection::cut_at_deadline() {
  if (life_ != Life::closing) cut(Reason::cut_drain_deadline);
}

std::uint64_t Connection::idle_since_ms() const {
  const bool idle = life_ == Life::open && waiting_ == Wait::keep_alive && is_between_messages() &&
                    held_ == nullptr;
  return idle ? wait_deadline_ms_ - shared_.idle_ms : TimerWheel::no_deadline_ms;
}

void Connection::give_way() {
  shared_.stats.count(Reason::closed_idle_for_room);
  begin_close();
}

void Connection::drain() {
  if (life_ == Life::upgraded) {
    socket_->drain(shared_.clock.now_ms());
    return shared_.schedule(*this);
  }
  if (kept_ != nullptr && !ends_behind()) {
    // Its answer may be the last one, but what has arrived behind it is not lost (PRC-012).
    end_behind();
    ended_by_stop_ = true;
  }
  if (life_ != Life::open || !is_between_messages() || queued_bytes() != 0) return;
  wait_for(Wait::drain, shared_.clock.now_ms() + shared_.idle_ms);
}

}  // namespace pelton::http
