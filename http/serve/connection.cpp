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
                 Token(Operation::none, place.generation, place.slot)),
      sessions_(*this, shared),
      origin_(*this) {
  gauge_share_.add_to(shared_.connection_gauges);
}

Connection::~Connection() {
  shared_.timers.disarm(*this);
  if (TurnNode::linked()) TurnNode::unlink();
  gauge_share_.take_from(shared_.connection_gauges);
}

void Connection::open(FilterSource* filters) {
  shared_.clock.reread();
  if (filters != nullptr) {
    std::unique_ptr<OctetFilter> filter = filters->make();
    if (!filter) return cut(Reason::cut_memory);
    transport_.set_filter(std::move(filter),
                          shared_.clock.now_ms() + shared_.config.tls_handshake_timeout_ms);
    inspect_by(transport_.deadline_ms());
  }
  if (shared_.forwarding.proxy_protocol) {
    origin_.await_proxy_header();
    transport_.await_preamble();
  }
  arm_receive();
  if (!transport_.in_handshake()) sessions_.begin();
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

// Called when all is sent; more may have been written since.
inline void Connection::all_sent() {
  if (!transport_.may_await_request() || !sessions_.h1().is_idle()) [[unlikely]]
    return all_sent_rarely();
  const std::uint64_t until_ms = shared_.clock.now_ms() + shared_.idle_ms;
  sessions_.h1().timer().wait_for(H1Timer::Wait::keep_alive, until_ms);
  inspect_by(until_ms);
}

// Sends all that is queued: the one send of a turn.
[[gnu::always_inline]] inline void Connection::flush() {
  if (!transport_.sender().can_send_plainly()) [[unlikely]]
    return flush_rarely();
  const std::int64_t left = transport_.sender().send_plainly_at_once();
  if (left == 0) [[likely]]
    return all_sent();
  flushed_in_part(left);
}

[[gnu::noinline]] void Connection::flush_rarely() {
  if (!transport_.sender().can_send()) return recount();
  const std::int64_t left = transport_.sender().send_at_once();
  if (left == 0) return all_sent();
  flushed_in_part(left);
}

// `left` octets are still being sent; negative: -errno, and none are.
[[gnu::noinline]] void Connection::flushed_in_part(std::int64_t left) {
  if (left > 0) return recount();
  begin_send(static_cast<int>(-left));
}

void Connection::settle() {
  if (!sessions_.h1().is_open()) [[unlikely]] {
    settle_rarely();
    if (transport_.closing()) return;
  }
  flush();
  // A receive of this turn's batch got no buffer; the batch has given its buffers back by now
  // (ENG-020).
  if (!transport_.receiver().is_armed() && transport_.receiver().may_be_armed()) {
    if (shared_.receive_buffers.leases_out() == 0) {
      receive_more();
    } else {
      transport_.receiver().await_buffer();
    }
  }
}

[[gnu::noinline]] void Connection::all_sent_rarely() {
  if (transport_.in_handshake()) return finish_if_flushed();
  if (transport_.receiver().is_paused()) {
    sessions_.resume_input();
    if (transport_.sender().queued_bytes() != 0) return;
  }
  if (sessions_.h1().is_idle()) return all_sent();
  if (sessions_.h1().is_open()) return;
  sessions_.sent(true);
  finish_if_flushed();
}

[[gnu::noinline]] void Connection::settle_rarely() {
  if (cut_for_memory()) return;
  sessions_.settle();
  if (transport_.closing() || cut_for_memory()) return;
  if (transport_.sender().can_send()) sessions_.begin_sending();
  recount();
  // Listeners may have taken time, and sending sets deadlines.
  shared_.clock.reread();
}

// True if memory was lacking for octets to keep or send: the connection was cut.
bool Connection::cut_for_memory() {
  if (!transport_.sender().lacks_memory()) return false;
  cut(Reason::cut_memory);
  return true;
}

void Connection::complete_send(std::int32_t result) {
  const Reason failure = transport_.sender().complete_send(result);
  if (transport_.closing()) return try_close();
  if (failure != Reason::none) [[unlikely]]
    return end_for(failure);
  if (result < 0) [[unlikely]]
    return;
  const std::size_t queued_low = shared_.config.send_queue_bytes_low;
  if (!sessions_.h1().is_open() && transport_.sender().queued_bytes() <= queued_low)
    sessions_.note_room();
  recount();
  if (!transport_.sender().is_sending()) {
    if (transport_.sender().output().empty()) return all_sent();
    sessions_.sent(false);
    schedule();
  }
  if (transport_.receiver().is_paused() && transport_.sender().queued_bytes() <= queued_low)
    sessions_.resume_input();
}

// A wait for room in the socket has ended.
void Connection::complete_room(std::int32_t events) {
  const Reason failure = transport_.sender().complete_room(events);
  if (transport_.closing()) return try_close();
  if (failure != Reason::none) return end_for(failure);
  sessions_.note_room();
}

// --- octets out ---

// Sends all that is queued by an operation that always completes later.
void Connection::begin_send(int error) {
  sessions_.begin_sending();
  const Reason failure = transport_.sender().begin_send(error);
  recount();
  if (failure != Reason::none) end_for(failure);
}

// --- life ---

void Connection::finish_if_flushed() {
  if (!transport_.finishing()) return;
  recount();
  if (!transport_.sender().is_flushed()) {
    if (transport_.sender().can_send()) schedule();
    return;
  }
  // Lingering protects the response from octets that arrive after it (RFC 9112 section 9.6); a
  // client that said `Connection: close` must not send any.
  if (transport_.receiver().peer_finished() || sessions_.h1().keep_alive().peer_sent_all() ||
      transport_.leaves_once_flushed()) {
    close_now();
  } else {
    linger();
  }
}

void Connection::linger() {
  if (!transport_.linger()) return close_now();
  sessions_.h1().end();
  inspect_by(transport_.deadline_ms());
  recount();
  if (!transport_.receiver().is_armed()) arm_receive();
}

void Connection::begin_close() {
  if (transport_.closing() || !transport_.begin_farewell()) return close_now();
  sessions_.h1().end();
  recount();
  schedule();
}

void Connection::close_now() {
  if (transport_.closing()) return;
  sessions_.end();
  shared_.timers.disarm(*this);
  if (TurnNode::linked()) TurnNode::unlink();
  transport_.close();
  recount();
  shared_.to_close.push_back(*this);
}

void Connection::try_close() {
  if (!transport_.is_quiet()) return;
  if (TurnNode::linked()) TurnNode::unlink();
  // From here on the kernel may give the number to a new connection, even before it reports that
  // this one is closed.
  shared_.held.remove(transport_.descriptor());
  if (!transport_.close_descriptor()) release();
}

// Destroys this object.
void Connection::release() {
  shared_.room_made = true;
  shared_.connections.erase(place().slot());
}

void Connection::cut(Reason reason) {
  shared_.tell(reason, &ends());
  sessions_.drop(ExchangeEvent::cancelled, reason);
  transport_.reset_at_close();
  close_now();
}

// The peer has gone.
void Connection::lose(Reason reason) {
  shared_.stats.count(reason);
  sessions_.drop(ExchangeEvent::peer_lost, reason);
  close_now();
}

// Ends the connection for a reason that the transport reports.
void Connection::end_for(Reason reason) {
  const bool is_lost = reason == Reason::lost_reset || reason == Reason::lost_timeout;
  return is_lost ? lose(reason) : cut(reason);
}

void Connection::cut_at_deadline() {
  if (!transport_.closing()) cut(Reason::cut_drain_deadline);
}

std::uint64_t Connection::idle_since_ms() const {
  if (held_ != nullptr) return TimerWheel::no_deadline_ms;
  return sessions_.idle_since_ms();
}

void Connection::give_way() {
  shared_.stats.count(Reason::closed_idle_for_room);
  begin_close();
}

// --- time ---

void Connection::arm_timer(std::uint64_t until_ms) {
  shared_.timers.arm(*this,
                     std::min(until_ms, shared_.clock.now_ms() + shared_.config.rate_grace_ms));
}

void Connection::inspect() {
  const std::uint64_t seen_ms = shared_.seen_ms;
  if (const Reason late = transport_.overdue(seen_ms); late != Reason::none) {
    if (late != Reason::closed_linger_timeout) return cut(late);
    shared_.stats.count(late);
    return begin_close();
  }
  sessions_.inspect(seen_ms);
  if (is_deaf() && !transport_.closing()) look_at_peer();
  if (transport_.closing()) return;
  const std::uint64_t now_ms = shared_.clock.now_ms();
  // inspect_by() and flush() rely on an inspection at least once a grace period: no deadline comes
  // before the next one.
  std::uint64_t next_ms = now_ms + shared_.config.rate_grace_ms;
  if (is_deaf()) next_ms = std::min(next_ms, now_ms + peer_look_ms);
  next_ms = std::min({next_ms, sessions_.deadline_ms(), transport_.deadline_ms()});
  if (!TimerNode::linked()) shared_.timers.arm(*this, next_ms);
}

// Nothing is received, so no completion reports that the peer has gone.
bool Connection::is_deaf() const {
  return transport_.receiver().is_paused() ||
         (transport_.receiver().peer_finished() && sessions_.is_busy());
}

// Checks for a FIN or RST that no receive reports.
void Connection::look_at_peer() {
  switch (transport_.peer_state()) {
    case uring::PeerState::open:
      return;
    case uring::PeerState::gone:
      return lose(Reason::lost_reset);
    case uring::PeerState::finished:
      sessions_.note_peer_finished();
  }
}

// --- gauges ---

Gauge Connection::phase() const {
  if (transport_.closing()) return Gauge::connections_closing;
  if (transport_.lingering()) return Gauge::connections_lingering;
  if (transport_.sender().queued_bytes() != 0 || transport_.finishing())
    return Gauge::connections_writing;
  return sessions_.has_unread() ? Gauge::connections_reading : Gauge::connections_idle;
}

[[gnu::noinline]] void Connection::recount() {
  GaugeShare::Counts counts{
      .phase = phase(), .queued = held_ != nullptr, .bytes = transport_.sender().queued_bytes()};
  sessions_.count(counts);
  gauge_share_.replace(shared_.connection_gauges, counts);
}

}  // namespace pelton::http
