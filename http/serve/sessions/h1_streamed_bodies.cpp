// How an HTTP/1.1 session hands a request body to its handler while the body arrives. If the
// handler does not take what has arrived, no more is received (RSP-024).
#include <algorithm>

#include "core/check.hpp"
#include "http/serve/body_admission.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

using Phase = IncomingMessage::Phase;

using Wait = H1Session::Wait;

[[gnu::noinline]] std::string_view H1Reader::begin_streamed_body(const RequestHead& head,
                                                                 const Match& match,
                                                                 std::string_view rest) {
  const Persistence persistence = session_.keep_alive().after(session_.shared(), head);
  session_.keep_alive().note_peer_sent_all(false);
  const bool must_close = must_close_unread(head, rest);
  session_.host().note_body_follows(true);
  session_.call(match.route->handler, head, {}, match,
                must_close ? Persistence::close : persistence);
  session_.host().note_body_follows(false);
  if (!session_.host().has_exchange()) {
    // The handler has answered without reading the body.
    const bool unanswered = must_close && head.expects_continue;
    if (unanswered && persistence != Persistence::close) {
      session_.shared().stats.count(Reason::closed_expect_unanswered);
    }
    return skip_body(head, rest);
  }
  const bool has_length = head.framing == BodyFraming::length;
  IncomingMessage& incoming = begin(has_length ? Phase::streamed_length : Phase::streamed_chunked);
  incoming.owe(head.content_length);
  if (!has_length) {
    const auto body_max = body_bytes_max_of(*match.route, session_.shared().config, head);
    incoming.decoder.begin(session_.shared().head_limits, session_.shared().body_limits, body_max,
                           &incoming.trailers);
  }
  if (!head.expects_continue) {
    session_.wait_for(Wait::body, session_.shared().config.rate_grace_ms);
  }
  return resume_streamed(rest);
}

std::string_view H1Reader::resume_streamed(std::string_view octets) {
  IncomingMessage& incoming = *message_;
  ArrivingBody& body = session_.host().pending().body;
  if (!octets.empty()) earn_streamed_credit(octets.size());
  bool complete = false;
  while (!octets.empty() && !complete) {
    if (incoming.phase == Phase::streamed_length) {
      const auto taken = std::min<std::uint64_t>(octets.size(), incoming.left_bytes);
      body.append(octets.substr(0, taken));
      octets.remove_prefix(taken);
      incoming.left_bytes -= taken;
      complete = incoming.left_bytes == 0;
      continue;
    }
    const ChunkedDecoder::Step step = incoming.decoder.decode(octets);
    octets.remove_prefix(step.consumed_bytes);
    body.append(step.data);
    complete = step.state == ChunkedDecoder::State::complete;
    if (step.state == ChunkedDecoder::State::rejected) {
      refuse_streamed(incoming.decoder.reason());
      return {};
    }
  }
  if (body.has_failed() || incoming.trailers.has_failed()) {
    refuse_streamed(Reason::shed_memory);
    return {};
  }
  streamed_body_grew(complete);
  return octets;
}

// The client's time limit begins with the first octet at the latest.
void H1Reader::earn_streamed_credit(std::size_t bytes) {
  if (!session_.timer().waits_for(Wait::body) && !session_.transport().receiver().is_paused()) {
    session_.wait_for(Wait::body, session_.shared().config.rate_grace_ms);
  }
  if (session_.timer().waits_for(Wait::body)) earn_credit(bytes);
}

// Octets were received into the message's memory, which moves to the handler without a copy.
void H1Reader::receive_streamed(std::size_t bytes) {
  IncomingMessage& incoming = *message_;
  incoming.body_came(bytes);
  session_.host().pending().body.append(incoming.body);
  if (session_.host().pending().body.has_failed()) return refuse_streamed(Reason::shed_memory);
  earn_streamed_credit(bytes);
  streamed_body_grew(incoming.left_bytes == 0);
}

void H1Reader::streamed_body_grew(bool complete) {
  IncomingMessage& incoming = *message_;
  ArrivingBody& body = session_.host().pending().body;
  const bool little_left = incoming.phase == Phase::streamed_chunked ||
                           incoming.left_bytes <= session_.shared().config.drain_body_bytes_max;
  if (complete) {
    body.complete();
    if (!incoming.trailers.empty()) session_.host().pending().trailers().take(incoming.trailers);
    session_.keep_alive().note_peer_sent_all(
        !session_.host().pending().exchange().request().keep_alive);
    drop();
  } else if (body.waiting_bytes() > session_.shared().config.send_queue_bytes_high &&
             !session_.transport().receiver().is_paused()) {
    pause_body();
  } else if (!session_.transport().receiver().is_into_room() && owes_much()) {
    session_.transport().receiver().cancel();
  }
  session_.host().pending().spare_connection(
      complete || (little_left && !session_.host().pending().lacks_continue()));
  session_.connection().schedule();
}

// The client's time limit does not run while reading is paused (CON-010).
void H1Reader::pause_body() {
  session_.host().pending().body_credit_ms =
      session_.timer().credit_ms(session_.shared().clock.now_ms());
  session_.timer().stop();
  session_.connection().pause_reading();
}

void H1Reader::resume_body() {
  session_.wait_for(Wait::body, session_.host().pending().body_credit_ms);
  session_.transport().receiver().resume();
  session_.connection().read_on();
}

void H1Reader::refuse_streamed(Reason reason) {
  session_.host().pending().body_fault = reason;
  if (session_.host().pending().response_begun()) {
    const Reason cut_reason = cut_reason_of(reason);
    session_.shared().tell(cut_reason, &session_.host());
    session_.host().drop(ExchangeEvent::body_refused, cut_reason);
    session_.transport().reset_at_close();
    session_.connection().begin_close();
    return;
  }
  session_.host().pending().finish(ExchangeEvent::body_refused);
  if (message_) drop();
  session_.host().answered(
      session_.answers().refuse(session_.host().pending().exchange().request(), reason));
}

}  // namespace pelton::http
