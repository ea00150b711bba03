#include "http/serve/connection.hpp"

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
      transport_(shared.transports, descriptor,
                 Token(Operation::none, place.generation, place.slot)) {
  ++in(shared_.connection_gauges, counted_);
}

Connection::~Connection() {
  shared_.timers.disarm(*this);
  if (TurnNode::linked()) TurnNode::unlink();
  uncount();
}

const Endpoints& Connection::endpoints() {
  if (!endpoints_) {
    endpoints_ = std::make_unique<Endpoints>(shared_.endpoints_of(transport_.descriptor()));
  }
  return *endpoints_;
}

bool Connection::is_secure() const {
  return shared_.is_secure && shared_.is_secure(transport_.descriptor());
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
      transport_.complete_shutdown();
      break;
    case Operation::cancel:
      transport_.complete_cancel();
      break;
    case Operation::room:
      return complete_room(completion.result);
    case Operation::close:
      return release();
    default:
      CHECK(!"an operation no connection prepares");
  }
  if (transport_.closing()) try_close();
}

// Of a connection that is not in the middle of plain requests, or a receive that brought no octets.
void Connection::complete_rare_receive(const Completion& completion) {
  uring::BufferLease lease;
  if (completion.buffer != uring::no_buffer) {
    lease = uring::BufferLease(shared_.receive_buffers, completion.buffer,
                               static_cast<std::size_t>(std::max(completion.result, 0)));
  }
  const bool into_room = transport_.receives_into_room();
  if (!took_receive(completion, lease ? lease.octets() : std::span<char>())) return;
  lease.give_back();
  receive_on(completion.result > 0 && !into_room);
}

// False if nothing is to be received behind it in this turn.
bool Connection::took_receive(const Completion& completion, std::span<char> octets) {
  switch (transport_.take_receive(completion)) {
    case Arrival::octets:
      if (const Reason failure = transport_.open(octets); failure != Reason::none) [[unlikely]] {
        end_for(failure);
      } else if (life_ == Life::upgraded) {
        received_upgraded(octets);
      } else {
        received({octets.data(), octets.size()});
      }
      return true;
    case Arrival::own_octets:
      receive_own(static_cast<std::size_t>(completion.result));
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
      end_for(transport_.failure());
      return true;
    case Arrival::after_closing:
      try_close();
      return false;
  }
  return false;
}

void Connection::receive_on(bool multishot) {
  if (!transport_.receives() && transport_.may_receive()) {
    if (multishot) shared_.stats.count(Reason::engine_multishot_rearmed);
    receive_more();
  } else if (ended_by_stop_ && life_ == Life::open) {
    transport_.cancel_receive();
  }
}

// Nothing is on its way out any more, unless more has been written since.
inline void Connection::all_sent() {
  if (transport_.reading_paused()) [[unlikely]] {
    resume_input();
    if (transport_.queued_bytes() != 0) return;
  }
  if (life_ == Life::open && waiting_ == Wait::nothing && is_between_messages()) {
    wait_for(Wait::keep_alive, shared_.clock.now_ms() + shared_.idle_ms);
  }
  if (life_ != Life::open) [[unlikely]]
    all_sent_rarely();
}

// The one send of a turn, for all that is queued.
[[gnu::always_inline]] inline void Connection::flush() {
  if (!transport_.can_send()) [[unlikely]]
    return recount();
  const std::int32_t sent = transport_.send_at_once();
  if (transport_.sends()) [[unlikely]]
    return recount();
  if (!output().empty()) [[unlikely]]
    return begin_send(-sent);
  all_sent();
}

void Connection::settle() {
  if (life_ != Life::open) [[unlikely]] {
    settle_rarely();
    if (transport_.closing()) return;
  }
  flush();
  // Starved of a buffer in this turn's batch, whose leases are back by now (ENG-020).
  if (!transport_.receives() && transport_.may_receive()) {
    if (shared_.receive_buffers.leases_out() == 0) {
      receive_more();
    } else {
      transport_.await_buffer();
    }
  }
}

[[gnu::noinline]] void Connection::all_sent_rarely() {
  if (life_ == Life::upgraded) {
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
  if (transport_.closing() || cut_for_memory()) return;
  if (socket_ != nullptr && transport_.can_send()) socket_->begin_sending();
  recount();
  // Listeners may have taken their time, and what is flushed gets a deadline.
  shared_.clock.reread();
}

void Connection::complete_send(std::int32_t result) {
  const Reason failure = transport_.complete_send(result);
  if (transport_.closing()) return try_close();
  if (failure != Reason::none) [[unlikely]]
    return end_for(failure);
  if (result < 0) [[unlikely]]
    return;
  const std::size_t queued_low = shared_.config.send_queue_bytes_low;
  if (life_ != Life::open && transport_.queued_bytes() <= queued_low) note_room();
  recount();
  if (!transport_.sends()) {
    if (output().empty()) return all_sent();
    if (socket_ != nullptr) [[unlikely]]
      socket_->sent(shared_.clock.now_ms());
    shared_.schedule(*this);
  }
  if (transport_.reading_paused() && transport_.queued_bytes() <= queued_low) resume_input();
}

// The end of a wait for room.
void Connection::complete_room(std::int32_t events) {
  const Reason failure = transport_.complete_room(events);
  if (transport_.closing()) return try_close();
  if (failure != Reason::none) return end_for(failure);
  note_room();
}

// --- octets out ---

// All that is queued becomes a send, whose completion comes in any case.
void Connection::begin_send(int error) {
  if (socket_ != nullptr) socket_->begin_sending();
  const Reason failure = transport_.begin_send(error);
  recount();
  if (failure != Reason::none) end_for(failure);
}

void Connection::arm_receive() {
  std::span<char> room;
  // Without memory for more it comes into the buffers that all share, and is refused from there.
  if (parked_ && owes_much()) [[unlikely]]
    room = parked_->room_for_body();
  transport_.arm_receive(room);
}

// Nothing tells that a receive queue is empty while a receive is in flight: what it has taken may
// be on its way here. So in a stop it is called off, and asked for again if there was more.
void Connection::receive_more() {
  if (ended_by_stop_ && life_ == Life::open && !transport_.has_unread()) [[unlikely]] {
    finish();
    waiting_ = Wait::nothing;
    finish_if_flushed();
    if (!transport_.finishing()) return;
  }
  arm_receive();
}

void Connection::pause_input() {
  transport_.pause_reading();
  transport_.cancel_receive();
  inspect_by(shared_.clock.now_ms() + peer_look_ms);
}

void Connection::resume_input() {
  // Paused by what waits behind the handler, or by the owner of a WebSocket.
  if (life_ == Life::handling || life_ == Life::upgraded) return;
  if (parked_ && parked_->spool) return;  // by a disk that is slower than the peer
  if (parked_ && parked_->phase == ParkedMessage::Phase::backlog) return go_on_later();
  transport_.resume_reading();
  recount();
  if (life_ == Life::open && transport_.peer_finished()) peer_finished();
  if (!transport_.receives() && transport_.may_receive()) receive_more();
}

void Connection::retry() {
  if (transport_.retry()) arm_receive();
}

// --- life ---

// The last octets are queued.
void Connection::finish() {
  life_ = Life::over;
  transport_.finish();
}

void Connection::finish_if_flushed() {
  if (!transport_.finishing()) return;
  recount();
  if (!transport_.flushed()) return;
  // What lingering guards the response from is an octet that comes behind it (RFC 9112
  // section 9.6): who said `Connection: close` must not send one.
  if (transport_.peer_finished() || peer_through_) {
    begin_close();
  } else {
    linger();
  }
}

void Connection::linger() {
  if (!transport_.linger()) return begin_close();
  if (parked_) unpark();
  waiting_ = Wait::nothing;
  inspect_by(transport_.deadline_ms());
  recount();
  if (!transport_.receives()) arm_receive();
}

void Connection::begin_close() {
  if (transport_.closing()) return;
  CHECK(kept_ == nullptr && socket_ == nullptr);
  life_ = Life::over;
  shared_.timers.disarm(*this);
  if (TurnNode::linked()) TurnNode::unlink();
  if (parked_) unpark();
  transport_.close();
  recount();
  shared_.to_close.push_back(*this);
}

void Connection::try_close() {
  if (!transport_.is_quiet()) return;
  if (TurnNode::linked()) TurnNode::unlink();
  // From here on the number is the kernel's, which may give it to the next one before it tells that
  // this one is closed.
  shared_.held.remove(transport_.descriptor());
  if (!transport_.close_descriptor()) release();
}

// Ends this object.
void Connection::release() {
  shared_.room_made = true;
  shared_.connections.erase(place().slot());
}

void Connection::cut(Reason reason) {
  shared_.tell(reason, this);
  if (kept_ != nullptr) drop_kept(ExchangeEvent::cancelled, reason);
  if (socket_ != nullptr) drop_websocket();
  transport_.reset_at_close();
  begin_close();
}

// The peer has gone.
void Connection::lose(Reason reason) {
  shared_.stats.count(reason);
  if (kept_ != nullptr) drop_kept(ExchangeEvent::peer_lost, reason);
  if (socket_ != nullptr) drop_websocket();
  begin_close();
}

// For what the transport says.
void Connection::end_for(Reason reason) {
  const bool is_lost = reason == Reason::lost_reset || reason == Reason::lost_timeout;
  return is_lost ? lose(reason) : cut(reason);
}

void Connection::cut_at_deadline() {
  if (!transport_.closing()) cut(Reason::cut_drain_deadline);
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
  if (life_ != Life::open || !is_between_messages() || transport_.queued_bytes() != 0) return;
  wait_for(Wait::drain, shared_.clock.now_ms() + shared_.idle_ms);
}

// --- gauges ---

Gauge Connection::gauge_now() const {
  if (transport_.closing()) return Gauge::connections_closing;
  if (transport_.lingering()) return Gauge::connections_lingering;
  if (transport_.queued_bytes() != 0 || transport_.finishing()) return Gauge::connections_writing;
  return parked_ ? Gauge::connections_reading : Gauge::connections_idle;
}

void Connection::uncount() {
  Gauges& gauges = shared_.connection_gauges;
  --in(gauges, counted_);
  in(gauges, Gauge::exchanges_queued) -= counted_queued_ ? 1 : 0;
  in(gauges, Gauge::exchanges_running) -= counted_running_ ? 1 : 0;
  in(gauges, Gauge::send_queue_bytes) -= counted_bytes_;
}

[[gnu::noinline]] void Connection::recount() {
  Gauges& gauges = shared_.connection_gauges;
  const bool reads_head = parked_ && parked_->phase == ParkedMessage::Phase::head;
  const bool queued =
      held_ != nullptr || (parked_ && parked_->phase == ParkedMessage::Phase::backlog);
  const bool running =
      kept_ != nullptr || socket_ != nullptr || (parked_ && !reads_head && !queued);
  uncount();
  counted_ = gauge_now();
  counted_queued_ = queued;
  counted_running_ = running;
  counted_bytes_ = transport_.queued_bytes();
  ++in(gauges, counted_);
  in(gauges, Gauge::exchanges_queued) += queued ? 1 : 0;
  in(gauges, Gauge::exchanges_running) += running ? 1 : 0;
  in(gauges, Gauge::send_queue_bytes) += counted_bytes_;
}

}  // namespace pelton::http
