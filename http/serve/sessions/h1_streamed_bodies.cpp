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

namespace {

// The same end where the response has begun, so that no status can tell it any more.
Reason cut_for(Reason refusal) {
  switch (refusal) {
    case Reason::refused_body_too_large:
      return Reason::cut_body_too_large;
    case Reason::refused_body_too_slow:
      return Reason::cut_body_too_slow;
    case Reason::shed_memory:
      return Reason::cut_memory;
    default:
      return Reason::cut_body_truncated;
  }
}

}  // namespace

[[gnu::noinline]] std::string_view H1Session::begin_streamed_body(const RequestHead& head,
                                                                  const Match& match,
                                                                  std::string_view rest) {
  const Persistence persistence = persistence_for(head);
  peer_sent_all_ = false;
  const bool must_close = must_close_unread(head, rest);
  call(match.route->handler, head, {}, match, must_close ? Persistence::close : persistence);
  if (exchange_ == nullptr) {
    // Answered without its body.
    const bool unanswered = must_close && head.expects_continue;
    if (unanswered && persistence != Persistence::close) {
      shared_.stats.count(Reason::closed_expect_unanswered);
    }
    return skip_body(head, rest);
  }
  const bool has_length = head.framing == BodyFraming::length;
  IncomingMessage& incoming =
      begin_incoming(has_length ? Phase::streamed_length : Phase::streamed_chunked);
  incoming.owe(head.content_length);
  if (!has_length) {
    const auto body_max = body_bytes_max_of(*match.route, shared_.config, head);
    incoming.decoder.begin(shared_.head_limits, shared_.body_limits, body_max);
  }
  if (!head.expects_continue) {
    wait_for(Wait::body, shared_.clock.now_ms() + shared_.config.rate_grace_ms);
  }
  return resume_streamed(rest);
}

std::string_view H1Session::resume_streamed(std::string_view octets) {
  IncomingMessage& incoming = *incoming_;
  ArrivingBody& body = exchange_->pending().body;
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
  if (body.has_failed()) {
    refuse_streamed(Reason::shed_memory);
    return {};
  }
  streamed_body_grew(complete);
  return octets;
}

// The peer's time begins with the first octet at the latest.
void H1Session::earn_streamed_credit(std::size_t bytes) {
  if (waiting_ != Wait::body && !transport().reading_paused()) {
    wait_for(Wait::body, shared_.clock.now_ms() + shared_.config.rate_grace_ms);
  }
  if (waiting_ == Wait::body) earn_body_credit(bytes);
}

// Octets that were received into memory of their own, which goes to the handler as it is.
void H1Session::receive_streamed(std::size_t bytes) {
  IncomingMessage& incoming = *incoming_;
  incoming.body_came(bytes);
  exchange_->pending().body.append(incoming.body);
  if (exchange_->pending().body.has_failed()) return refuse_streamed(Reason::shed_memory);
  earn_streamed_credit(bytes);
  streamed_body_grew(incoming.left_bytes == 0);
}

void H1Session::streamed_body_grew(bool complete) {
  IncomingMessage& incoming = *incoming_;
  ArrivingBody& body = exchange_->pending().body;
  const bool little_left = incoming.phase == Phase::streamed_chunked ||
                           incoming.left_bytes <= shared_.config.drain_body_bytes_max;
  if (complete) {
    body.complete();
    peer_sent_all_ = !exchange_->pending().exchange().request().keep_alive;
    drop_incoming();
  } else if (body.waiting_bytes() > shared_.config.send_queue_bytes_high &&
             !transport().reading_paused()) {
    pause_body();
  } else if (!transport().receives_into_room() && owes_much()) {
    transport().cancel_receive();
  }
  exchange_->pending().spare_connection(complete ||
                                        (little_left && !exchange_->pending().lacks_continue()));
  connection_.schedule();
}

// The peer's time does not run while we do not read (CON-010).
void H1Session::pause_body() {
  const std::uint64_t now_ms = shared_.clock.now_ms();
  exchange_->pending().body_credit_ms = wait_deadline_ms_ > now_ms ? wait_deadline_ms_ - now_ms : 0;
  waiting_ = Wait::nothing;
  connection_.pause_reading();
}

void H1Session::resume_body() {
  wait_for(Wait::body, shared_.clock.now_ms() + exchange_->pending().body_credit_ms);
  transport().resume_reading();
  connection_.read_on();
}

// The body that the handler reads will never be whole.
void H1Session::refuse_streamed(Reason reason) {
  exchange_->pending().body_fault = reason;
  if (exchange_->pending().response_begun()) {
    const Reason cut_reason = cut_for(reason);
    shared_.tell(cut_reason, this);
    drop_exchange(ExchangeEvent::body_refused, cut_reason);
    transport().reset_at_close();
    connection_.begin_close();
    return;
  }
  exchange_->pending().finish(ExchangeEvent::body_refused);
  if (incoming_) drop_incoming();
  write_refusal(exchange_->pending().exchange().request(), reason);
  answered(Persistence::close);
}

}  // namespace pelton::http
