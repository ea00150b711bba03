// The waiting half of a connection: a handler has suspended its exchange, so what follows it waits,
// and the answer that comes later moves the connection on. Listeners are called and the next
// request is begun at the end of a turn, never from within a handler's own call.
#include <utility>

#include "core/check.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

using Phase = ParkedMessage::Phase;

ExchangeHandle H1Session::keep(const Exchange& live, const ExchangeListener& listener) {
  CHECK(life_ == Life::open && kept_ == nullptr);
  kept_ = &shared_.pending.emplace(live, take_served_message(), shared_.blocks, listener);
  life_ = Life::handling;
  cut_behind_ = Reason::none;
  if (parked_since_ns_ == 0) parked_since_ns_ = shared_.clock.now_ns();
  const RouteSettings* const route = live.match().route;
  const std::uint64_t timeout_ms =
      route == nullptr ? shared_.config.request_timeout_ms
                       : route->timeout_ms.value_or(shared_.config.request_timeout_ms);
  if (timeout_ms != no_limit) {
    kept_->deadline_ms = shared_.clock.now_ms() + timeout_ms;
    connection_.inspect_by(kept_->deadline_ms);
  }
  if (shared_.handlers_running() >= shared_.config.handlers_running_max) shared_.may_shed = true;
  const RequestHead& head = live.request();
  const bool has_body = head.framing == BodyFraming::chunked || head.content_length != 0;
  if (has_body && route != nullptr && route->streams_body) {
    kept_->await_body(persistence_for(head));
    peer_through_ = false;  // it has a body to send
  } else {
    kept_->body.complete();
  }
  if (transport().peer_finished()) {
    connection_.inspect_by(shared_.clock.now_ms() + Connection::peer_look_ms);
    kept_->note_peer_finished();
    connection_.schedule();
  }
  connection_.recount();
  return {shared_.pending, kept_->place()};
}

std::unique_ptr<ParkedMessage> H1Session::take_served_message() {
  const Shared::Served& served = shared_.served;
  return served.session == this ? std::move(*served.message) : shared_.lend_parked();
}

// --- octets behind the exchange ---

// The response will end the connection.
bool H1Session::ends_behind() const {
  if (connection_.has_websocket() || awaits_upgrade()) return false;
  const Persistence persistence =
      kept_ != nullptr ? kept_->exchange().persistence() : persistence_behind_;
  return persistence == Persistence::close && !ended_by_stop_;
}

void H1Session::end_behind() {
  ended_by_stop_ = false;
  if (kept_ != nullptr) {
    kept_->end_connection();
  } else {
    persistence_behind_ = Persistence::close;
  }
}

void H1Session::received_behind(std::string_view octets) {
  if (parked_ && parked_->phase != Phase::backlog) octets = resume(octets);
  // Whatever follows the request that ends the connection is discarded (H1-083).
  if (octets.empty()) return;
  peer_through_ = false;
  if (ends_behind()) return;
  ParkedMessage& backlog = park(Phase::backlog);
  backlog.wait_behind(octets, shared_.config.pipeline_requests_max);
  if (backlog.has_failed()) return lack_memory();
  if (backlog_is_full() && !transport().reading_paused()) connection_.pause_reading();
}

// --- the answer, and its failure to come ---

void H1Session::end_kept(Outcome outcome, std::span<const FieldView> trailers) {
  CHECK(kept_ != nullptr && outcome != Outcome::pending);
  if (kept_->lacks_continue() && kept_->would_go_on()) {
    shared_.stats.count(Reason::closed_expect_unanswered);
  }
  if (awaits_upgrade()) shared_.stats.count(Reason::closed_upgrade_refused);
  if (kept_->response_begun()) return end_stream(outcome, trailers);
  answered(settle_answer(kept_->exchange(), outcome));
}

void H1Session::forsake() {
  CHECK(kept_ != nullptr);
  forget_kept(Reason::none);
  connection_.begin_close();
}

std::unique_ptr<OrphanedHandler> H1Session::orphan(OrphanedHandler::Expire at_limit,
                                                   void* context) {
  CHECK(kept_ != nullptr);
  const std::uint64_t limit_ms = kept_->over() ? kept_->deadline_ms : TimerWheel::no_deadline_ms;
  return std::make_unique<OrphanedHandler>(shared_.orphans, limit_ms, at_limit, context);
}

// The answer is written and the exchange gone; the connection moves on when it is settled.
void H1Session::answered(Persistence persistence) {
  persistence_behind_ = persistence;
  if (streams_body()) parked_->discard_streamed();
  shared_.take_back(kept_->take_message());
  shared_.pending.erase(std::exchange(kept_, nullptr)->place().slot);
  waiting_ = Wait::nothing;
  connection_.schedule();
}

void H1Session::time_out() {
  shared_.tell(Reason::fault_request_timeout, this);
  kept_->deadline_ms = TimerWheel::no_deadline_ms;
  kept_->finish(ExchangeEvent::cancelled);
  const RequestHead& head = kept_->exchange().request();
  const Persistence persistence = kept_->exchange().persistence();
  const RefusalBodies& bodies = shared_.refusal_bodies_of(kept_->exchange().match().route);
  answered(write_whole(head, {.status = 504, .content_type = &bodies.content_type()},
                       bodies.of_status(504), persistence, Reason::fault_request_timeout));
}

// The connection ends, and the exchange with it.
void H1Session::drop_exchange(ExchangeEvent event, Reason reason) {
  if (kept_ == nullptr) return;
  kept_->finish(event);
  forget_kept(reason);
}

void H1Session::forget_kept(Reason reason) {
  if (shared_.access_log != nullptr) {
    const Exchange& exchange = kept_->exchange();
    const PendingExchange::Response& response = kept_->response;
    log_exchange(exchange.request(), exchange.match().found_route(),
                 {response.status, response.body.body_bytes()}, reason);
  }
  shared_.take_back(kept_->take_message());
  shared_.pending.erase(std::exchange(kept_, nullptr)->place().slot);
}

// --- the end of a turn ---

void H1Session::settle_kept() {
  while (kept_ != nullptr && kept_->tell_news()) {
  }
  if (kept_ != nullptr && kept_->wants_continue()) {
    kept_->note_continue();
    if (!output().append("HTTP/1.1 100 Continue\r\n\r\n")) return lack_memory();
    wait_for(Wait::body, shared_.clock.now_ms() + shared_.config.rate_grace_ms);
  }
  if (life_ == Life::handling && kept_ == nullptr) move_on();
  // A handler that makes more than the peer takes, also one that has just been called for the next
  // request, hears of the room by a completion, so that it gives way to others each turn.
  if (kept_ != nullptr && kept_->room_awaited() && transport().can_send()) connection_.begin_send();
}

void H1Session::move_on() {
  if (connection_.has_websocket()) {
    life_ = Life::upgraded;
    return connection_.begin_websocket(std::move(parked_));
  }
  if (cut_behind_ != Reason::none) return connection_.cut(cut_behind_);
  life_ = Life::open;
  conclude(persistence_behind_);
  if (transport().finishing()) {
    if (parked_) unpark();
    return connection_.finish_if_flushed();
  }
  if (parked_ && parked_->phase != Phase::backlog) {
    // The body that nobody read is drained behind its response (CON-006).
    wait_for(Wait::drain_body, shared_.clock.now_ms() + shared_.config.drain_body_timeout_ms);
    return resume_input();
  }
  if (transport().queued_bytes() > shared_.config.send_queue_bytes_high)
    return;  // resumed when it is sent
  if (transport().queued_bytes() == 0)
    wait_for(Wait::keep_alive, shared_.clock.now_ms() + shared_.idle_ms);
  resume_input();
}

}  // namespace pelton::http
