// How an HTTP/1.1 session answers: it finishes what a handler has written, it answers itself where
// no handler does, and it decides whether the connection goes on after the response.
#include <array>

#include "core/check.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/own_answer.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

// The handler has suspended the exchange, failed or not responded, or exchanges are logged.
void H1Session::settle_exchange(Exchange& exchange, Outcome outcome) {
  CHECK(exchange.suspended() == (outcome == Outcome::pending));
  if (outcome == Outcome::pending) return;
  conclude(settle_answer(exchange, outcome));
}

// Answers 500 for a handler that failed, and logs the exchange (PRC-051).
Persistence H1Session::settle_answer(Exchange& exchange, Outcome outcome) {
  const bool failed = outcome == Outcome::failed || !exchange.responded();
  if (failed) {
    shared_.stats.count(Reason::fault_handler);
    if (exchange.begun()) exchange.abandon();
    if (!exchange.responded()) {
      const OwnAnswer answer =
          answer_failed(shared_, exchange.match().route, 500, Reason::fault_handler);
      std::array<FieldView, OwnAnswer::fields_max> room;
      const HeadFault fault = exchange.respond(answer.head(room), answer.text);
      if (fault == HeadFault::memory) return leave_unanswered();
      CHECK(fault == HeadFault::none);
    }
  }
  if (shared_.access_log != nullptr) {
    const Match& match = exchange.match();
    const Reason reason = failed ? Reason::fault_handler : reason_of(match.outcome);
    log_exchange(exchange.request(), match.found_route(),
                 {exchange.status(), shared_.writer.body_bytes_in(output())}, reason);
  }
  return shared_.writer.close_wanted() ? end_wanted() : exchange.persistence();
}

// A handler that asks for the end of the connection gets it, even while a stop still serves
// requests that have arrived.
[[gnu::noinline]] Persistence H1Session::end_wanted() {
  ends_once_read_ = false;
  return Persistence::close;
}

// Writes one line of the access log (PRC-051).
void H1Session::log_exchange(const RequestHead& head, const RouteSettings* route,
                             const SentResponse& sent, Reason reason) {
  const std::uint64_t began_ns = std::exchange(began_ns_, 0);
  shared_.access_log->write({.request = head,
                             .route = route,
                             .ends = *this,
                             .status = sent.status,
                             .reason = reason,
                             .body_bytes = sent.body_bytes,
                             .began_ns = began_ns != 0 ? began_ns : shared_.clock.now_ns(),
                             .id = shared_.id_of(head)});
}

void H1Session::answer_unmatched(const RequestHead& head, const Match& match,
                                 std::string_view rest) {
  const Persistence persistence = persistence_with_unread(head, rest);
  const Reason reason = reason_of(match.outcome);
  if (reason != Reason::none) shared_.stats.count(reason);
  if (const Handler* const handler = handler_of_unmatched(shared_, match)) {
    return call(*handler, head, {}, match, persistence);
  }
  answer_whole(head, http::answer_unmatched(shared_, match), persistence);
}

void H1Session::answer_unfit(const RequestHead& head, const RouteSettings& route, Reason reason,
                             std::string_view rest) {
  shared_.stats.count(reason);
  answer_whole(head, http::answer_unfit(shared_, route, reason),
               persistence_with_unread(head, rest));
}

// During a stop every response says `Connection: close`, since it may be the last one; requests
// that have arrived after it are served all the same (PRC-012, PRC-018).
[[gnu::noinline]] Persistence H1Session::persistence_of_last(const RequestHead& head) {
  ends_once_read_ = shared_.stopping && head.keep_alive &&
                    request_count_ < shared_.config.requests_per_connection_max;
  peer_sent_all_ = !head.keep_alive;
  return Persistence::close;
}

[[gnu::noinline]] void H1Session::conclude_last() {
  if (ends_once_read_) {
    if (transport().queued_bytes() > shared_.config.send_queue_bytes_high)
      connection_.pause_reading();
    return transport().cancel_receive();
  }
  ends_once_read_ = false;
  if (request_count_ >= shared_.config.requests_per_connection_max) {
    shared_.stats.count(Reason::closed_request_count);
  }
  finish();
}

// A body that is not read may end the connection (CON-021, H1-072).
Persistence H1Session::persistence_with_unread(const RequestHead& head, std::string_view rest) {
  const Persistence persistence = persistence_for(head);
  peer_sent_all_ &= head.framing == BodyFraming::none;
  if (!reader_.must_close_unread(head, rest)) return persistence;
  ends_once_read_ = false;
  if (persistence == Persistence::close) return persistence;
  if (head.expects_continue) shared_.stats.count(Reason::closed_expect_unanswered);
  return Persistence::close;
}

// There is no memory for an answer: queued octets leave, then the connection ends (PRC-036).
[[gnu::noinline]] Persistence H1Session::leave_unanswered() {
  shared_.tell(Reason::cut_memory, this);
  return end_wanted();
}

void H1Session::answer_whole(const RequestHead& head, const OwnAnswer& answer,
                             Persistence persistence) {
  conclude(write_whole(head, answer, persistence));
}

Persistence H1Session::write_whole(const RequestHead& head, const OwnAnswer& answer,
                                   Persistence persistence) {
  std::array<FieldView, OwnAnswer::fields_max> room;
  const ResponseHead response = answer.head(room);
  HeadFault fault =
      response.status == 426
          ? shared_.writer.begin_naming_websocket(output(), response, persistence, head)
          : shared_.writer.begin(output(), response, persistence, head);
  if (fault == HeadFault::none) {
    if (!output().append(answer.text)) {
      shared_.writer.abandon(output());
      fault = HeadFault::memory;
    } else {
      fault = shared_.writer.finish(output());
    }
  }
  if (fault == HeadFault::memory) [[unlikely]]
    return leave_unanswered();
  CHECK(fault == HeadFault::none);
  if (shared_.access_log != nullptr) [[unlikely]]
    log_exchange(head, nullptr, {answer.status, shared_.writer.body_bytes_in(output())},
                 answer.reason);
  return persistence;
}

// `method` is the request's, or Method::other if it was not read: a refusal of HEAD has no body
// (H1-093).
void H1Session::refuse(Reason reason, Method method) {
  RequestHead head = reader_.known_head();
  head.method = method;
  write_refusal(head, reason);
  waiting_ = Wait::nothing;
  conclude(Persistence::close);
  if (reader_.message() != nullptr) reader_.drop();
  connection_.finish_if_flushed();
}

void H1Session::lack_memory() {
  output().fail();
  if (life_ == Life::open) finish();
  connection_.schedule();
}

void H1Session::write_refusal(const RequestHead& head, Reason reason) {
  shared_.tell(reason, this);
  ends_once_read_ = false;
  write_whole(head, answer_refused(shared_, reason), Persistence::close);
}

}  // namespace pelton::http
