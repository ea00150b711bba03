#include "http/serve/sessions/h1_answers.hpp"

#include <array>

#include "core/check.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/own_answer.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

// --- whole answers ---

bool H1Answers::answer_at_once(RequestHead& head, std::string_view rest) {
  Shared& shared = session_.shared();
  const std::optional<OwnAnswer> found = http::answer_at_once(shared, session_.host(), head);
  if (!found) return false;
  if (found->reason != Reason::none) shared.stats.count(found->reason);
  answer(head, *found, rest);
  return true;
}

bool H1Answers::shed(const RequestHead& head, std::string_view rest) {
  Shared& shared = session_.shared();
  const Reason reason = shared.shed_reason();
  if (reason == Reason::none) return false;
  shared.tell(reason, &session_.host());
  answer(head, answer_shed(shared, reason), rest);
  return true;
}

void H1Answers::answer_unmatched(const RequestHead& head, const Match& match,
                                 std::string_view rest) {
  Shared& shared = session_.shared();
  const Reason reason = reason_of(match.outcome);
  if (reason != Reason::none) shared.stats.count(reason);
  if (const Handler* const handler = handler_of_unmatched(shared, match)) {
    return session_.call(*handler, head, {}, match, persistence_with_unread(head, rest));
  }
  answer(head, http::answer_unmatched(shared, match), rest);
}

void H1Answers::answer_unfit(const RequestHead& head, const RouteSettings& route, Reason reason,
                             std::string_view rest) {
  session_.shared().stats.count(reason);
  answer(head, http::answer_unfit(session_.shared(), route, reason), rest);
}

void H1Answers::answer(const RequestHead& head, const OwnAnswer& answer, std::string_view rest) {
  session_.conclude(write(head, answer, persistence_with_unread(head, rest)));
}

Persistence H1Answers::persistence_with_unread(const RequestHead& head, std::string_view rest) {
  const bool owes_body = session_.reader().must_close_unread(head, rest);
  return session_.keep_alive().after_unread(session_.shared(), head, owes_body);
}

// --- only the answer ---

Persistence H1Answers::write(const RequestHead& head, const OwnAnswer& answer,
                             Persistence persistence) {
  h1::ResponseWriter& writer = session_.shared().writer;
  Output& output = session_.output();
  std::array<FieldView, OwnAnswer::fields_max> room;
  const ResponseHead response = answer.head(room);
  HeadFault fault = response.status == 426
                        ? writer.begin_naming_websocket(output, response, persistence, head)
                        : writer.begin(output, response, persistence, head);
  if (fault == HeadFault::none) {
    if (!output.append(answer.text)) {
      writer.abandon(output);
      fault = HeadFault::memory;
    } else {
      fault = writer.finish(output);
    }
  }
  if (fault == HeadFault::memory) [[unlikely]]
    return leave_unanswered();
  CHECK(fault == HeadFault::none);
  if (session_.shared().access_log != nullptr) [[unlikely]]
    log(head, nullptr, {answer.status, writer.body_bytes_in(output)}, answer.reason);
  return persistence;
}

Persistence H1Answers::refuse(const RequestHead& head, Reason reason) {
  session_.shared().tell(reason, &session_.host());
  return write(head, answer_refused(session_.shared(), reason), session_.keep_alive().end());
}

Persistence H1Answers::settle(Exchange& exchange, Outcome outcome) {
  Shared& shared = session_.shared();
  const bool failed = outcome == Outcome::failed || !exchange.responded();
  if (failed) {
    shared.stats.count(Reason::fault_handler);
    if (exchange.begun()) exchange.abandon();
    if (!exchange.responded()) {
      const OwnAnswer answer =
          answer_failed(shared, exchange.match().route, 500, Reason::fault_handler);
      std::array<FieldView, OwnAnswer::fields_max> room;
      const HeadFault fault = exchange.respond(answer.head(room), answer.text);
      if (fault == HeadFault::memory) return leave_unanswered();
      CHECK(fault == HeadFault::none);
    }
  }
  if (shared.access_log != nullptr) {
    const Match& match = exchange.match();
    const Reason reason = failed ? Reason::fault_handler : reason_of(match.outcome);
    log(exchange.request(), match.found_route(),
        {exchange.status(), shared.writer.body_bytes_in(session_.output())}, reason);
  }
  return shared.writer.close_wanted() ? session_.keep_alive().end() : exchange.persistence();
}

// There is no memory for an answer: queued octets leave, then the connection ends (PRC-036).
[[gnu::noinline]] Persistence H1Answers::leave_unanswered() {
  session_.shared().tell(Reason::cut_memory, &session_.host());
  return session_.keep_alive().end();
}

// --- the access log ---

void H1Answers::log(const RequestHead& head, const RouteSettings* route, const SentResponse& sent,
                    Reason reason) {
  const std::uint64_t began_ns = session_.timer().take_begin_ns();
  const Shared& shared = session_.shared();
  shared.access_log->write({.request = head,
                            .route = route,
                            .ends = session_.host(),
                            .status = sent.status,
                            .reason = reason,
                            .body_bytes = sent.body_bytes,
                            .began_ns = began_ns != 0 ? began_ns : shared.clock.now_ns(),
                            .id = shared.id_of(head)});
}

}  // namespace pelton::http
