#include "http/serve/sessions/h1_host.hpp"

#include <utility>

#include "core/check.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/own_answer.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

// --- what an exchange asks about its connection ---

Shared& H1Host::shared() {
  return session_.shared();
}

const Endpoints& H1Host::endpoints() {
  return session_.connection().origin().endpoints();
}

bool H1Host::is_secure() const {
  return session_.connection().origin().is_secure();
}

const TlsFacts* H1Host::tls() const {
  return session_.connection().transport().tls_facts();
}

const RequestOrigin* H1Host::forwarded(const RequestHead& head) {
  return session_.connection().origin().forwarded(session_.keep_alive().request_count(), head);
}

std::shared_ptr<const BodyFile> H1Host::body_file() const {
  const Shared::Served& served = session_.shared().served;
  if (served.session == &session_ && *served.message) return (*served.message)->file;
  return exchange_ == nullptr ? nullptr : exchange_->pending().body_file();
}

std::string_view H1Host::trailers() const {
  const Shared::Served& served = session_.shared().served;
  if (served.session == &session_ && *served.message) return (*served.message)->trailers.view();
  return exchange_ == nullptr ? std::string_view() : exchange_->pending().trailers().view();
}

// --- an exchange that its handler suspends ---

ExchangeHandle H1Host::suspend(const Exchange& live, const ExchangeListener& listener) {
  CHECK(exchange_ == nullptr);
  session_.begin_handling();
  Shared& shared = session_.shared();
  Connection& connection = session_.connection();
  exchange_ =
      &shared.h1_exchanges.emplace(session_, connection, live, take_served_message(), listener);
  session_.timer().note_begin_if_unknown(shared.clock.now_ns());
  const RouteSettings* const route = live.match().route;
  const std::uint64_t timeout_ms =
      route == nullptr ? shared.config.request_timeout_ms
                       : route->timeout_ms.value_or(shared.config.request_timeout_ms);
  PendingExchange& pending = exchange_->pending();
  if (timeout_ms != no_limit) {
    pending.deadline_ms = shared.clock.now_ms() + timeout_ms;
    connection.inspect_by(pending.deadline_ms);
  }
  if (shared.handlers_running() >= shared.config.handlers_running_max) shared.may_shed = true;
  if (body_follows_) {
    KeepAlive& keep_alive = session_.keep_alive();
    pending.await_body(keep_alive.after(shared, live.request()));
    keep_alive.note_peer_sent_all(false);  // the body is still to come
  } else {
    pending.body.complete();
  }
  if (connection.transport().receiver().peer_finished()) {
    connection.inspect_by(shared.clock.now_ms() + Connection::peer_look_ms);
    pending.note_peer_finished();
    connection.schedule();
  }
  connection.recount();
  return {shared.pending, pending.place()};
}

ExchangeHandle H1Host::hand_over(const ExchangeListener& listener) {
  if (exchange_ == nullptr) return {};
  PendingExchange& pending = exchange_->pending();
  CHECK(!pending.response_begun());
  pending.hand_over(listener);
  return {session_.shared().pending, pending.place()};
}

std::unique_ptr<IncomingMessage> H1Host::take_served_message() {
  const Shared::Served& served = session_.shared().served;
  return served.session == &session_ ? std::move(*served.message)
                                     : session_.shared().lend_message();
}

bool H1Host::ends_after_response() const {
  if (session_.connection().sessions().has_websocket() || awaits_upgrade()) return false;
  const Persistence persistence =
      exchange_ != nullptr ? exchange_->pending().exchange().persistence() : persistence_after_;
  return persistence == Persistence::close && !session_.keep_alive().ends_once_read();
}

void H1Host::end_after_response() {
  const Persistence end = session_.keep_alive().end();
  if (exchange_ != nullptr) {
    exchange_->pending().end_connection();
  } else {
    persistence_after_ = end;
  }
}

// --- the answer, or its absence ---

void H1Host::answered(Persistence persistence, Reason cut) {
  persistence_after_ = persistence;
  cut_after_ = cut;
  if (session_.reader().streams_body()) session_.reader().discard_streamed();
  release_exchange();
  session_.timer().stop();
  session_.connection().schedule();
}

void H1Host::inspect(std::uint64_t seen_ms) {
  if (exchange_ != nullptr && seen_ms >= exchange_->pending().deadline_ms) time_out();
}

std::uint64_t H1Host::deadline_ms() const {
  return exchange_ == nullptr ? TimerWheel::no_deadline_ms : exchange_->pending().deadline_ms;
}

void H1Host::time_out() {
  Shared& shared = session_.shared();
  shared.tell(Reason::fault_request_timeout, this);
  PendingExchange& pending = exchange_->pending();
  pending.deadline_ms = TimerWheel::no_deadline_ms;
  pending.finish(ExchangeEvent::cancelled);
  const Exchange& exchange = pending.exchange();
  const OwnAnswer answer =
      answer_failed(shared, exchange.match().route, 504, Reason::fault_request_timeout);
  answered(session_.answers().write(exchange.request(), answer, exchange.persistence()));
}

void H1Host::drop(ExchangeEvent event, Reason reason) {
  if (exchange_ == nullptr) return;
  exchange_->pending().finish(event);
  forget(reason);
}

void H1Host::forget(Reason reason) {
  if (session_.shared().access_log != nullptr) {
    const Exchange& exchange = exchange_->pending().exchange();
    session_.answers().log(exchange.request(), exchange.match().found_route(), exchange_->sent(),
                           reason);
  }
  release_exchange();
}

void H1Host::release_exchange() {
  session_.shared().h1_exchanges.erase(std::exchange(exchange_, nullptr)->place().slot);
}

// --- news for the handler ---

void H1Host::note_room() {
  if (exchange_ == nullptr) return;
  exchange_->pending().note_room();
  session_.connection().schedule();
}

void H1Host::note_peer_finished() {
  if (exchange_ == nullptr) return;
  exchange_->pending().note_peer_finished();
  session_.connection().schedule();
}

void H1Host::settle() {
  while (exchange_ != nullptr && exchange_->pending().tell_news()) {
  }
  if (exchange_ != nullptr && exchange_->pending().wants_continue()) {
    exchange_->pending().note_continue();
    if (!session_.output().append("HTTP/1.1 100 Continue\r\n\r\n")) return session_.lack_memory();
    session_.wait_for(H1Timer::Wait::body, session_.shared().config.rate_grace_ms);
  }
  if (exchange_ == nullptr) session_.end_handling();
  // A handler that writes more than the client takes learns of room by a completion, so that other
  // connections have their turn in between. This may be the handler of the next request.
  if (exchange_ != nullptr && exchange_->pending().room_awaited() &&
      session_.transport().sender().can_send()) {
    session_.connection().begin_send();
  }
}

}  // namespace pelton::http
