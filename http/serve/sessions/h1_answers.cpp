// How an HTTP/1.1 session answers: it finishes what a handler has written, it answers itself where
// no handler does, and it decides whether the connection goes on after the response.
#include <array>

#include "core/check.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

namespace {

struct MatchAnswer {
  std::uint16_t status;
  Reason reason;  // none: an ordinary answer, which is not counted
};

MatchAnswer answer_to(MatchOutcome outcome) {
  switch (outcome) {
    case MatchOutcome::found:
      break;
    case MatchOutcome::not_found:
      return {404, Reason::answered_not_found};
    case MatchOutcome::method_not_allowed:
      return {405, Reason::answered_method_not_allowed};
    case MatchOutcome::method_unknown:
      return {501, Reason::answered_method_unknown};
    case MatchOutcome::trace_disabled:
      return {405, Reason::answered_trace_disabled};
    case MatchOutcome::path_not_utf8:
      return {400, Reason::answered_path_not_utf8};
    case MatchOutcome::automatic_options:
      return {204, Reason::none};
    case MatchOutcome::redirect:
      return {308, Reason::none};
    case MatchOutcome::websocket_required:
      return {426, Reason::answered_websocket_required};
  }
  CHECK(!"a route that was found is dispatched");
  return {};
}

// Whether the application's own handler for unmatched requests may answer this outcome.
bool goes_to_handler(MatchOutcome outcome, bool takes_all) {
  switch (outcome) {
    case MatchOutcome::not_found:
    case MatchOutcome::method_not_allowed:
      return true;
    case MatchOutcome::automatic_options:
    case MatchOutcome::redirect:
      return takes_all;
    default:
      return false;
  }
}

}  // namespace

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
      const RefusalBodies& bodies = shared_.refusal_bodies_of(exchange.match().route);
      const HeadFault fault = exchange.respond(
          {.status = 500, .content_type = &bodies.content_type()}, bodies.of_status(500));
      if (fault == HeadFault::memory) return leave_unanswered();
      CHECK(fault == HeadFault::none);
    }
  }
  if (shared_.access_log != nullptr) {
    const Match& match = exchange.match();
    const Reason reason = failed                                 ? Reason::fault_handler
                          : match.outcome == MatchOutcome::found ? Reason::none
                                                                 : answer_to(match.outcome).reason;
    log_exchange(exchange.request(), match.found_route(),
                 {exchange.status(), exchange.body_bytes()}, reason);
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
                             .began_ns = began_ns != 0 ? began_ns : shared_.clock.now_ns()});
}

void H1Session::answer_unmatched(const RequestHead& head, const Match& match,
                                 std::string_view rest) {
  const Persistence persistence = persistence_with_unread(head, rest);
  const MatchAnswer answer = answer_to(match.outcome);
  if (answer.reason != Reason::none) shared_.stats.count(answer.reason);
  const bool is_own = match.route == nullptr;
  const Handler& handler = is_own ? shared_.unmatched : match.route->handler;
  const bool takes_all = is_own ? shared_.unmatched_takes_all : match.route->takes_all_unmatched;
  if (handler.call != nullptr && goes_to_handler(match.outcome, takes_all)) {
    call(handler, head, {}, match, persistence);
    return;
  }
  std::array<FieldView, 2> fields;
  std::size_t field_count = 0;
  if (!match.allow.empty()) fields[field_count++] = {"Allow", match.allow};
  if (!match.location.empty()) fields[field_count++] = {"Location", match.location};
  ResponseHead response{.status = answer.status, .fields = std::span(fields).first(field_count)};
  std::string_view text;
  if (answer.status >= 400) {
    const RefusalBodies& bodies = shared_.refusal_bodies_of(match.route);
    response.content_type = &bodies.content_type();
    text = bodies.of_status(answer.status);
  }
  answer_whole(head, response, text, persistence, answer.reason);
}

// 415 without waiting for the body (H1-058).
void H1Session::answer_unfit(const RequestHead& head, const RouteSettings& route, Reason reason,
                             std::string_view rest) {
  shared_.stats.count(reason);
  const std::uint16_t status = refusal_status(reason);
  const RefusalBodies& bodies = shared_.refusal_bodies_of(&route);
  const FieldView identity{"Accept-Encoding", "identity"};
  ResponseHead response{.status = status, .content_type = &bodies.content_type()};
  if (reason == Reason::answered_content_encoding) response.fields = std::span(&identity, 1);
  answer_whole(head, response, bodies.of_status(status), persistence_with_unread(head, rest),
               reason);
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

void H1Session::answer_whole(const RequestHead& head, const ResponseHead& response,
                             std::string_view body, Persistence persistence, Reason reason) {
  conclude(write_whole(head, response, body, persistence, reason));
}

Persistence H1Session::write_whole(const RequestHead& head, const ResponseHead& response,
                                   std::string_view body, Persistence persistence, Reason reason) {
  const bool for_head = head.method == Method::head;
  HeadFault fault =
      response.status == 426
          ? shared_.writer.begin_naming_websocket(output(), response, persistence, for_head)
          : shared_.writer.begin(output(), response, persistence, for_head);
  if (fault == HeadFault::none) {
    if (!output().append(body)) {
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
    log_exchange(head, nullptr, {response.status, shared_.writer.body_bytes_in(output())}, reason);
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
  const RefusalBodies& bodies = shared_.refusal_bodies;
  const FieldView no_store{"Cache-Control", "no-store"};
  ends_once_read_ = false;
  write_whole(head,
              {.status = refusal_status(reason),
               .content_type = &bodies.content_type(),
               .fields = std::span(&no_store, 1)},
              bodies.of_reason(reason), Persistence::close, reason);
}

}  // namespace pelton::http
