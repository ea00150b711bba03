// How an HTTP/1.1 session waits for a handler that has suspended its exchange. Requests that follow
// wait too. Events reach the handler, and the next request begins, at the end of a turn: never
// within a call that the handler makes.
#include <utility>

#include "core/check.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/own_answer.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

using Phase = IncomingMessage::Phase;

ExchangeHandle H1Session::suspend(const Exchange& live, const ExchangeListener& listener) {
  CHECK(life_ == Life::open && exchange_ == nullptr);
  exchange_ =
      &shared_.h1_exchanges.emplace(*this, connection_, live, take_served_message(), listener);
  life_ = Life::handling;
  note_begin_if_unknown();
  const RouteSettings* const route = live.match().route;
  const std::uint64_t timeout_ms =
      route == nullptr ? shared_.config.request_timeout_ms
                       : route->timeout_ms.value_or(shared_.config.request_timeout_ms);
  PendingExchange& pending = exchange_->pending();
  if (timeout_ms != no_limit) {
    pending.deadline_ms = shared_.clock.now_ms() + timeout_ms;
    connection_.inspect_by(pending.deadline_ms);
  }
  if (shared_.handlers_running() >= shared_.config.handlers_running_max) shared_.may_shed = true;
  const RequestHead& head = live.request();
  if (body_follows_) {
    pending.await_body(persistence_for(head));
    peer_sent_all_ = false;  // the body is still to come
  } else {
    pending.body.complete();
  }
  if (transport().peer_finished()) {
    connection_.inspect_by(shared_.clock.now_ms() + Connection::peer_look_ms);
    pending.note_peer_finished();
    connection_.schedule();
  }
  connection_.recount();
  return {shared_.pending, pending.place()};
}

ExchangeHandle H1Session::hand_over(const ExchangeListener& listener) {
  if (exchange_ == nullptr) return {};
  PendingExchange& pending = exchange_->pending();
  CHECK(!pending.response_begun());
  pending.hand_over(listener);
  return {shared_.pending, pending.place()};
}

std::unique_ptr<IncomingMessage> H1Session::take_served_message() {
  const Shared::Served& served = shared_.served;
  return served.session == this ? std::move(*served.message) : shared_.lend_message();
}

// --- octets that arrive while a handler works ---

// The response will end the connection.
bool H1Session::ends_after_response() const {
  if (connection_.has_websocket() || awaits_upgrade()) return false;
  const Persistence persistence =
      exchange_ != nullptr ? exchange_->pending().exchange().persistence() : persistence_after_;
  return persistence == Persistence::close && !ends_once_read_;
}

void H1Session::end_after_response() {
  ends_once_read_ = false;
  if (exchange_ != nullptr) {
    exchange_->pending().end_connection();
  } else {
    persistence_after_ = Persistence::close;
  }
}

void H1Session::received_while_handling(std::string_view octets) {
  if (reader_.reads()) octets = reader_.resume(octets);
  // Octets after the request that ends the connection are discarded (H1-083).
  if (octets.empty()) return;
  peer_sent_all_ = false;
  if (ends_after_response()) return;
  if (!reader_.keep_unread(octets)) return lack_memory();
  if (reader_.backlog_is_full() && !transport().reading_paused()) connection_.pause_reading();
}

// --- the answer, or its absence ---

// The answer is written, the exchange ends, and the connection goes on when it is settled.
void H1Session::answered(Persistence persistence, Reason cut) {
  persistence_after_ = persistence;
  cut_after_ = cut;
  if (reader_.streams_body()) reader_.discard_streamed();
  release_exchange();
  waiting_ = Wait::nothing;
  connection_.schedule();
}

void H1Session::time_out() {
  shared_.tell(Reason::fault_request_timeout, this);
  PendingExchange& pending = exchange_->pending();
  pending.deadline_ms = TimerWheel::no_deadline_ms;
  pending.finish(ExchangeEvent::cancelled);
  const RequestHead& head = pending.exchange().request();
  const Persistence persistence = pending.exchange().persistence();
  const OwnAnswer answer =
      answer_failed(shared_, pending.exchange().match().route, 504, Reason::fault_request_timeout);
  answered(write_whole(head, answer, persistence));
}

// The connection ends, and the exchange with it.
void H1Session::drop_exchange(ExchangeEvent event, Reason reason) {
  if (exchange_ == nullptr) return;
  exchange_->pending().finish(event);
  forget_exchange(reason);
}

void H1Session::forget_exchange(Reason reason) {
  if (shared_.access_log != nullptr) {
    const Exchange& exchange = exchange_->pending().exchange();
    log_exchange(exchange.request(), exchange.match().found_route(), exchange_->sent(), reason);
  }
  release_exchange();
}

void H1Session::release_exchange() {
  shared_.h1_exchanges.erase(std::exchange(exchange_, nullptr)->place().slot);
}

// --- the end of a turn ---

void H1Session::settle_pending() {
  while (exchange_ != nullptr && exchange_->pending().tell_news()) {
  }
  if (exchange_ != nullptr && exchange_->pending().wants_continue()) {
    exchange_->pending().note_continue();
    if (!output().append("HTTP/1.1 100 Continue\r\n\r\n")) return lack_memory();
    wait_for(Wait::body, shared_.config.rate_grace_ms);
  }
  if (life_ == Life::handling && exchange_ == nullptr) move_on();
  // A handler that writes more than the client takes learns of room by a completion, so that other
  // connections have their turn in between. This may be the handler of the next request.
  if (exchange_ != nullptr && exchange_->pending().room_awaited() && transport().can_send())
    connection_.begin_send();
}

void H1Session::move_on() {
  if (connection_.has_websocket()) {
    life_ = Life::upgraded;
    return connection_.begin_websocket(reader_.take());
  }
  if (cut_after_ != Reason::none) return connection_.cut(cut_after_);
  life_ = Life::open;
  conclude(persistence_after_);
  if (transport().finishing()) {
    if (reader_.message() != nullptr) reader_.drop();
    return connection_.finish_if_flushed();
  }
  if (reader_.reads()) {
    // The unread body is drained after its response (CON-006).
    wait_for(Wait::drain_body, shared_.config.drain_body_timeout_ms);
    return resume_input();
  }
  if (transport().queued_bytes() > shared_.config.send_queue_bytes_high)
    return;  // reading resumes once the output is sent
  if (transport().queued_bytes() == 0) wait_for(Wait::keep_alive, shared_.idle_ms);
  resume_input();
}

}  // namespace pelton::http
