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
      h1_(*this, shared) {
  ++in(shared_.connection_gauges, counted_);
}

Connection::~Connection() {
  shared_.timers.disarm(*this);
  if (TurnNode::linked()) TurnNode::unlink();
  uncount();
}

Origins& Connection::origins() {
  if (!origins_) {
    origins_ = std::make_unique<Origins>(shared_.endpoints_of(transport_.descriptor()));
  }
  return *origins_;
}

const Endpoints& Connection::endpoints() {
  return origins().ends();
}

bool Connection::is_secure() const {
  if (transport_.has_filter()) return true;
  if (origins_ && origins_->is_secure()) return true;
  return shared_.is_secure && shared_.is_secure(transport_.descriptor());
}

// The peer's address costs system calls, so the fields are looked for first.
const RequestOrigin* Connection::forwarded(std::uint64_t number, const RequestHead& head) {
  if (shared_.origin_of) {
    if (const auto* origin = shared_.origin_of(transport_.descriptor())) return origin;
  }
  const ForwardingRules& rules = shared_.forwarding;
  if (!rules.family || !has_forwarded_fields(head, *rules.family)) return nullptr;
  if (!origins().is_trusted(rules.trusted)) return nullptr;
  return &origins().of_request(number, head, rules, is_secure(), shared_.stats);
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

// A receive of a connection outside the plain path, or one that brought no octets.
void Connection::complete_rare_receive(const Completion& completion) {
  // Handshakes wait until the requests of this turn are served (TLS-003).
  if (transport_.in_handshake() && !transport_.closing()) return await_turn_with(completion);
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

// Handles a receive. False if no other is to be armed in this turn.
bool Connection::took_receive(const Completion& completion, std::span<char> octets) {
  switch (transport_.take_receive(completion)) {
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
      h1_.reader().receive_own(static_cast<std::size_t>(completion.result));
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

void Connection::received_sealed(std::span<char> octets) {
  const bool in_handshake = transport_.in_handshake();
  const Reason failure = opened(octets);
  if (in_handshake && !transport_.in_handshake()) begin_session();
  if (!octets.empty() && !transport_.closing()) received(octets);
  transport_.let_opened_go();
  if (transport_.closing()) return;
  if (failure != Reason::none) {
    return transport_.lingering() ? close_now() : end_by_filter(failure);
  }
  if (transport_.filter_has_ended() && !transport_.peer_finished()) {
    transport_.note_peer_finished();
    peer_finished();
  }
  if (!transport_.closing() && transport_.can_send()) schedule();
}

// Ends the connection because its filter has failed. What the filter says of that leaves first.
void Connection::end_by_filter(Reason reason) {
  if (!transport_.can_send()) return end_for(reason);
  shared_.tell(reason, &ends());
  drop_exchanges(ExchangeEvent::cancelled, reason);
  h1_.end();
  transport_.finish();
  schedule();
}

void Connection::received(std::span<char> octets) {
  if (transport_.lingering()) return transport_.note_discarded();
  if (awaits_preface_) [[unlikely]]
    return read_preface({octets.data(), octets.size()});
  if (h1_.is_upgraded()) {
    if (websocket_) websocket_->received(octets);
    if (h2_) h2_->received({octets.data(), octets.size()});
  } else {
    h1_.received({octets.data(), octets.size()});
  }
}

void Connection::peer_finished() {
  if (transport_.lingering()) return close_now();
  if (lacks_proxy_header()) return cut(Reason::cut_proxy_header);
  if (transport_.in_handshake()) {
    if (transport_.finishing()) return finish_if_flushed();
    shared_.stats.count(transport_.filter_has_heard() ? Reason::lost_tls_handshake
                                                      : Reason::closed_by_peer);
    return begin_close();
  }
  if (h1_.is_upgraded()) {
    if (websocket_) websocket_->peer_finished();
    if (h2_) h2_->peer_finished();
  } else {
    h1_.peer_finished();
  }
}

void Connection::receive_on(bool multishot) {
  if (!transport_.receives() && transport_.may_receive()) {
    if (multishot) shared_.stats.count(Reason::engine_multishot_rearmed);
    receive_more();
  } else if (h1_.ends_once_read()) {
    transport_.cancel_receive();
  }
}

// Called when all is sent; more may have been written since.
inline void Connection::all_sent() {
  if (!transport_.may_await_request() || !h1_.is_idle()) [[unlikely]]
    return all_sent_rarely();
  const std::uint64_t until_ms = shared_.clock.now_ms() + shared_.idle_ms;
  h1_.timer().wait_for(H1Timer::Wait::keep_alive, until_ms);
  inspect_by(until_ms);
}

// Sends all that is queued: the one send of a turn.
[[gnu::always_inline]] inline void Connection::flush() {
  if (!transport_.can_send_plainly()) [[unlikely]]
    return flush_rarely();
  const std::int64_t left = transport_.send_plainly_at_once();
  if (left == 0) [[likely]]
    return all_sent();
  flushed_in_part(left);
}

[[gnu::noinline]] void Connection::flush_rarely() {
  if (!transport_.can_send()) return recount();
  const std::int64_t left = transport_.send_at_once();
  if (left == 0) return all_sent();
  flushed_in_part(left);
}

// `left` octets are still being sent; negative: -errno, and none are.
[[gnu::noinline]] void Connection::flushed_in_part(std::int64_t left) {
  if (left > 0) return recount();
  begin_send(static_cast<int>(-left));
}

void Connection::settle() {
  if (!h1_.is_open()) [[unlikely]] {
    settle_rarely();
    if (transport_.closing()) return;
  }
  flush();
  // A receive of this turn's batch got no buffer; the batch has given its buffers back by now
  // (ENG-020).
  if (!transport_.receives() && transport_.may_receive()) {
    if (shared_.receive_buffers.leases_out() == 0) {
      receive_more();
    } else {
      transport_.await_buffer();
    }
  }
}

[[gnu::noinline]] void Connection::all_sent_rarely() {
  if (transport_.in_handshake()) return finish_if_flushed();
  if (transport_.reading_paused()) {
    resume_input();
    if (transport_.queued_bytes() != 0) return;
  }
  if (h1_.is_idle()) return all_sent();
  if (h1_.is_open()) return;
  if (is_upgraded()) websocket_->sent();
  if (h2_) h2_->note_room();
  finish_if_flushed();
}

// A waiting producer is told at the end of the turn.
void Connection::note_room() {
  h1_.host().note_room();
  if (websocket_ && websocket_->awaits_room()) schedule();
  if (h2_) h2_->note_room();
}

void Connection::resume_input() {
  if (h2_) return h2_->resume_input();
  h1_.resume_input();
}

[[gnu::noinline]] void Connection::settle_rarely() {
  if (cut_for_memory()) return;
  if (h1_.is_handling()) h1_.host().settle();
  if (is_upgraded()) {
    websocket_->settle();
    if (websocket_->socket().over()) end_websocket();
  }
  if (h2_) h2_->settle();
  if (transport_.closing() || cut_for_memory()) return;
  if (websocket_ && transport_.can_send()) websocket_->begin_sending();
  recount();
  // Listeners may have taken time, and sending sets deadlines.
  shared_.clock.reread();
}

// True if memory was lacking for octets to keep or send: the connection was cut.
bool Connection::cut_for_memory() {
  if (!transport_.lacks_memory()) return false;
  cut(Reason::cut_memory);
  return true;
}

void Connection::complete_send(std::int32_t result) {
  const Reason failure = transport_.complete_send(result);
  if (transport_.closing()) return try_close();
  if (failure != Reason::none) [[unlikely]]
    return end_for(failure);
  if (result < 0) [[unlikely]]
    return;
  const std::size_t queued_low = shared_.config.send_queue_bytes_low;
  if (!h1_.is_open() && transport_.queued_bytes() <= queued_low) note_room();
  recount();
  if (!transport_.sends()) {
    if (transport_.output().empty()) return all_sent();
    if (websocket_) [[unlikely]]
      websocket_->sent();
    schedule();
  }
  if (transport_.reading_paused() && transport_.queued_bytes() <= queued_low) resume_input();
}

// A wait for room in the socket has ended.
void Connection::complete_room(std::int32_t events) {
  const Reason failure = transport_.complete_room(events);
  if (transport_.closing()) return try_close();
  if (failure != Reason::none) return end_for(failure);
  note_room();
}

// --- octets out ---

// Sends all that is queued by an operation that always completes later.
void Connection::begin_send(int error) {
  if (websocket_) websocket_->begin_sending();
  const Reason failure = transport_.begin_send(error);
  recount();
  if (failure != Reason::none) end_for(failure);
}

void Connection::arm_receive() {
  transport_.arm_receive(h1_.reader().room());
}

// While a receive is in flight the socket's queue cannot be known to be empty: octets may be on
// their way here. So a stop cancels the receive, and arms it again if octets are unread.
void Connection::receive_more() {
  if (h1_.ends_once_read() && !transport_.has_unread()) [[unlikely]] {
    h1_.end();
    transport_.finish();
    finish_if_flushed();
    if (!transport_.finishing()) return;
  }
  arm_receive();
}

void Connection::read_on() {
  if (!transport_.receives() && transport_.may_receive()) receive_more();
}

void Connection::pause_reading() {
  transport_.pause_reading();
  transport_.cancel_receive();
  inspect_by(shared_.clock.now_ms() + peer_look_ms);
}

void Connection::retry() {
  if (transport_.retry()) arm_receive();
}

// --- life ---

void Connection::finish_if_flushed() {
  if (!transport_.finishing()) return;
  recount();
  if (!transport_.flushed()) {
    if (transport_.can_send()) schedule();
    return;
  }
  // Lingering protects the response from octets that arrive after it (RFC 9112 section 9.6); a
  // client that said `Connection: close` must not send any.
  if (transport_.peer_finished() || h1_.keep_alive().peer_sent_all() ||
      transport_.leaves_once_flushed()) {
    close_now();
  } else {
    linger();
  }
}

void Connection::linger() {
  if (!transport_.linger()) return close_now();
  h1_.end();
  inspect_by(transport_.deadline_ms());
  recount();
  if (!transport_.receives()) arm_receive();
}

void Connection::begin_close() {
  if (transport_.closing() || !transport_.begin_farewell()) return close_now();
  h1_.end();
  recount();
  schedule();
}

void Connection::close_now() {
  if (transport_.closing()) return;
  CHECK(!websocket_);
  if (h2_) h2_->drop(ExchangeEvent::peer_lost, Reason::none);
  shared_.timers.disarm(*this);
  if (TurnNode::linked()) TurnNode::unlink();
  h1_.end();
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
  drop_exchanges(ExchangeEvent::cancelled, reason);
  transport_.reset_at_close();
  close_now();
}

// The peer has gone.
void Connection::lose(Reason reason) {
  shared_.stats.count(reason);
  drop_exchanges(ExchangeEvent::peer_lost, reason);
  close_now();
}

void Connection::drop_exchanges(ExchangeEvent event, Reason reason) {
  h1_.host().drop(event, reason);
  if (h2_) h2_->drop(event, reason);
  drop_websocket();
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
  return h2_ ? h2_->idle_since_ms() : h1_.idle_since_ms();
}

void Connection::give_way() {
  shared_.stats.count(Reason::closed_idle_for_room);
  begin_close();
}

void Connection::drain() {
  if (is_upgraded()) return websocket_->drain();
  if (h2_) return h2_->drain();
  h1_.drain();
}

// --- the queue for a turn ---

void Connection::go_on_in_turn() {
  transport_.pause_reading();
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
    if (!octets.append(lease.view())) h1_.lack_memory();
  }
  held_->add(completion, std::move(octets));
  recount();
  const std::size_t bytes = held_->size() * shared_.receive_buffers.buffer_bytes();
  if (bytes >= shared_.config.receive_credit_bytes) transport_.cancel_receive();
  join_queue();
}

void Connection::begin_turn() {
  queued_ = false;
  if (!std::exchange(goes_on_, false)) return;
  if (h2_) return h2_->go_on();
  h1_.go_on();
}

// Handles the receive that has waited longest, which may end this connection.
void Connection::take_waiting_receive() {
  WaitingReceive first = held_->take_first();
  if (held_->empty()) shared_.take_back(std::move(held_));
  recount();
  const bool into_room = transport_.receives_into_room();
  const bool goes_on = took_receive(first.completion, {first.octets.data(), first.octets.size()});
  if (!goes_on) return;
  first.octets.release();
  receive_on(first.completion.result > 0 && !into_room);
}

void Connection::end_turn() {
  if (held_) join_queue();
}

// --- a WebSocket ---

const WebSocketConnection& Connection::accept_websocket(const WebSocketConnection::Terms& terms,
                                                        const WebSocketListener& listener) {
  websocket_ = std::make_unique<WebSocketSession>(*this, terms, listener);
  return websocket_->socket();
}

void Connection::begin_websocket(std::unique_ptr<IncomingMessage> unread) {
  websocket_->begin(std::move(unread));
}

void Connection::end_websocket() {
  const Reason cut_reason = websocket_->socket().cut_reason();
  if (cut_reason == Reason::cut_websocket_close_timeout) {
    // All is with the kernel, and a reset would destroy octets that a slow peer has not read yet.
    shared_.tell(cut_reason, &ends());
    drop_websocket();
    return begin_close();
  }
  if (cut_reason != Reason::none) return cut(cut_reason);
  drop_websocket();
  h1_.end();
  transport_.finish();
  finish_if_flushed();
}

void Connection::drop_websocket() {
  if (!websocket_) return;
  websocket_->drop();
  websocket_.reset();
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
  h1_.inspect(seen_ms);
  if (is_upgraded()) websocket_->inspect(seen_ms);
  if (h2_) h2_->inspect(seen_ms);
  if (is_deaf() && !transport_.closing()) look_at_peer();
  if (transport_.closing()) return;
  const std::uint64_t now_ms = shared_.clock.now_ms();
  // inspect_by() and flush() rely on an inspection at least once a grace period: no deadline comes
  // before the next one.
  std::uint64_t next_ms = now_ms + shared_.config.rate_grace_ms;
  if (is_deaf()) next_ms = std::min(next_ms, now_ms + peer_look_ms);
  next_ms = std::min({next_ms, h1_.deadline_ms(), transport_.deadline_ms()});
  if (websocket_) next_ms = std::min(next_ms, websocket_->deadline_ms());
  if (h2_) next_ms = std::min(next_ms, h2_->deadline_ms());
  if (!TimerNode::linked()) shared_.timers.arm(*this, next_ms);
}

// Nothing is received, so no completion reports that the peer has gone.
bool Connection::is_deaf() const {
  return transport_.reading_paused() ||
         (transport_.peer_finished() && (h1_.is_handling() || is_upgraded() || h2_));
}

// Checks for a FIN or RST that no receive reports.
void Connection::look_at_peer() {
  switch (transport_.peer_state()) {
    case uring::PeerState::open:
      return;
    case uring::PeerState::gone:
      return lose(Reason::lost_reset);
    case uring::PeerState::finished:
      if (websocket_) websocket_->note_peer_finished();
      if (h2_) return h2_->peer_finished();
      h1_.host().note_peer_finished();
  }
}

// --- gauges ---

// Octets have arrived that are part of an unfinished message or frame, or wait unread.
bool Connection::has_unread() const {
  return h1_.reader().message() != nullptr || (websocket_ && websocket_->has_unread());
}

Gauge Connection::gauge_now() const {
  if (transport_.closing()) return Gauge::connections_closing;
  if (transport_.lingering()) return Gauge::connections_lingering;
  if (transport_.queued_bytes() != 0 || transport_.finishing()) return Gauge::connections_writing;
  return has_unread() ? Gauge::connections_reading : Gauge::connections_idle;
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
  using Phase = IncomingMessage::Phase;
  const IncomingMessage* const incoming = h1_.reader().message();
  const bool reads_head = incoming != nullptr && incoming->phase == Phase::head;
  const bool queued = held_ != nullptr || (websocket_ && websocket_->has_unread()) ||
                      (incoming != nullptr && incoming->phase == Phase::backlog);
  const bool running = h1_.host().has_exchange() || websocket_ || (h2_ && h2_->has_exchange()) ||
                       (incoming != nullptr && !reads_head && !queued);
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
