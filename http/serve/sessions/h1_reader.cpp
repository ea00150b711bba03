#include "http/serve/sessions/h1_reader.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "http/serve/body_admission.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

using Phase = IncomingMessage::Phase;
using Wait = H1Session::Wait;

Method H1Reader::method() const {
  return is_in(Phase::head) ? message_->parser.head().method : message_->head.method;
}

RequestHead H1Reader::known_head() const {
  const bool has_head = reads() && message_->phase != Phase::head;
  if (!has_head || message_->octets.size() < message_->head.head_bytes) return {};
  return message_->head_in_place();
}

std::span<char> H1Reader::room() const {
  if (!message_ || !owes_much()) return {};
  // Without memory the octets arrive in the shared buffers, and the body is refused there.
  return message_->room_for_body();
}

Reason H1Reader::truncation() const {
  if (is_between_messages()) return Reason::closed_by_peer;
  switch (message_->phase) {
    case Phase::head:
      return Reason::refused_head_truncated;
    case Phase::length_body:
    case Phase::chunked_body:
    case Phase::spooled_body:
      return Reason::refused_body_truncated;
    default:
      return Reason::closed_body_not_drained;
  }
}

bool H1Reader::keep_unread(std::string_view octets) {
  IncomingMessage& backlog = begin(Phase::backlog);
  backlog.add_unread(octets, session_.shared().config.pipeline_requests_max);
  return !backlog.has_failed();
}

// H1-081, LIM-011
bool H1Reader::backlog_is_full() const {
  const ServerConfig& config = session_.shared().config;
  const std::size_t bytes = message_->unread().size();
  // Until the handshake is accepted the waiting octets are frames (WS-006).
  if (session_.host().awaits_upgrade()) return bytes >= config.receive_credit_bytes;
  return message_->heads_waiting >= config.pipeline_requests_max ||
         bytes >= config.pipeline_bytes_max;
}

void H1Reader::begin_head(std::string_view octets) {
  IncomingMessage& incoming = begin(Phase::head);
  session_.timer().note_begin(session_.shared().clock.now_ns());
  if (!incoming.octets.append(octets)) return session_.refuse(Reason::shed_memory, Method::other);
  // Parsed again from the start with the message's own parser: the shared one reads other requests.
  const Verdict verdict = incoming.parser.parse(incoming.octets.view());
  CHECK(verdict == Verdict::need_more);
  start_header_timer();
}

// The timer of a later request starts with its first octet; an empty line before the request does
// not count (CON-003, H1-003).
void H1Reader::start_header_timer() {
  if (session_.timer().waits_for(Wait::header) || !begun()) return;
  session_.wait_for(Wait::header, session_.shared().config.header_timeout_ms);
}

void H1Reader::earn_credit(std::size_t bytes) {
  const Shared& shared = session_.shared();
  session_.timer().earn(bytes, shared.config, shared.clock.now_ms());
}

// --- messages in pieces ---

std::string_view H1Reader::resume(std::string_view octets) {
  switch (message_->phase) {
    case Phase::head:
      return resume_head(octets);
    case Phase::length_body:
      return resume_length_body(octets);
    case Phase::chunked_body:
      return resume_chunked_body(octets);
    case Phase::spooled_body:
      return resume_spooled(octets);
    case Phase::streamed_length:
    case Phase::streamed_chunked:
      return resume_streamed(octets);
    case Phase::discard_length:
    case Phase::discard_chunked:
      return resume_discard(octets);
    case Phase::backlog:
      break;
  }
  CHECK(!"a backlog is taken out before it is read");
  return {};
}

std::string_view H1Reader::resume_head(std::string_view octets) {
  IncomingMessage& incoming = *message_;
  const std::size_t held_bytes = incoming.octets.size();
  if (!incoming.octets.append(octets)) {
    session_.refuse(Reason::shed_memory, Method::other);
    return {};
  }
  switch (incoming.parser.parse(incoming.octets.view())) {
    case Verdict::rejected:
      session_.refuse(incoming.parser.reason(), method());
      return {};
    case Verdict::need_more:
      start_header_timer();
      return {};
    case Verdict::complete:
      break;
  }
  RequestHead& head = incoming.parser.head();
  incoming.octets.truncate(head.head_bytes);
  session_.timer().stop();
  // The reader gives up the head's message while the session begins it: the body may need the
  // place.
  std::unique_ptr<IncomingMessage> owner = std::move(message_);
  const std::string_view rest =
      session_.begin_message(head, octets.substr(head.head_bytes - held_bytes));
  session_.shared().take_back(std::move(owner));
  session_.connection().recount();
  return rest;
}

std::string_view H1Reader::resume_length_body(std::string_view octets) {
  const std::size_t taken = std::min(octets.size(), message_->body_bytes_owed());
  if (!message_->octets.append(octets.substr(0, taken))) {
    session_.refuse(Reason::shed_memory, method());
    return {};
  }
  octets.remove_prefix(taken);
  length_body_grew(taken);
  return octets;
}

void H1Reader::length_body_grew(std::size_t bytes) {
  earn_credit(bytes);
  if (message_->body_bytes_owed() != 0) {
    if (!session_.transport().receiver().is_into_room() && owes_much())
      session_.transport().receiver().cancel();
    return;
  }
  std::unique_ptr<IncomingMessage> owner = std::move(message_);
  session_.timer().stop();
  const std::uint32_t head_bytes = owner->head.head_bytes;
  const std::string_view body = owner->octets.view().substr(head_bytes);
  session_.serve_incoming(std::move(owner), body);
}

std::string_view H1Reader::resume_chunked_body(std::string_view octets) {
  if (message_->whole) return spool_on(octets);
  while (!octets.empty()) {
    IncomingMessage& incoming = *message_;
    const ChunkedDecoder::Step step = incoming.decoder.decode(octets);
    earn_credit(step.consumed_bytes);
    octets.remove_prefix(step.consumed_bytes);
    switch (step.state) {
      case ChunkedDecoder::State::rejected:
        session_.refuse(incoming.decoder.reason(), method());
        return {};
      case ChunkedDecoder::State::data:
        if (!incoming.body.append(step.data)) {
          session_.refuse(Reason::shed_memory, method());
          return {};
        }
        if (!incoming.spool &&
            incoming.body.size() > session_.shared().spool_rules.body_bytes_max_held)
          begin_spool();
        break;
      case ChunkedDecoder::State::need_more:
        break;
      case ChunkedDecoder::State::complete: {
        if (incoming.trailers.has_failed()) {
          session_.refuse(Reason::shed_memory, method());
          return {};
        }
        if (incoming.spool) {
          incoming.whole = true;
          return spool_on(octets);
        }
        std::unique_ptr<IncomingMessage> owner = std::move(message_);
        session_.timer().stop();
        const std::string_view body = owner->body.view();
        session_.serve_incoming(std::move(owner), body);
        return octets;
      }
    }
  }
  return message_->spool ? spool_on({}) : octets;
}

std::string_view H1Reader::resume_discard(std::string_view octets) {
  IncomingMessage& incoming = *message_;
  while (!octets.empty()) {
    if (incoming.phase == Phase::discard_length) {
      const std::uint64_t taken = std::min<std::uint64_t>(octets.size(), incoming.left_bytes);
      incoming.left_bytes -= taken;
      octets.remove_prefix(taken);
      if (incoming.left_bytes == 0) break;
    } else {
      const ChunkedDecoder::Step step = incoming.decoder.decode(octets);
      octets.remove_prefix(step.consumed_bytes);
      incoming.left_bytes -= std::min<std::uint64_t>(incoming.left_bytes, step.consumed_bytes);
      if (step.state == ChunkedDecoder::State::rejected) {
        // The end of this body cannot be found, so the connection ends after the response.
        session_.shared().stats.count(Reason::closed_body_not_drained);
        drop();
        if (session_.is_handling()) {
          session_.host().end_after_response();
          return {};
        }
        session_.finish();
        session_.connection().finish_if_flushed();
        return {};
      }
      if (step.state == ChunkedDecoder::State::complete) break;
    }
    if (octets.empty()) {
      // A long chunked body is discarded after the answer, when the time limit for draining runs.
      if (session_.is_handling() && incoming.left_bytes == 0 &&
          !session_.transport().receiver().is_paused())
        session_.connection().pause_reading();
      return {};
    }
  }
  drop();
  if (session_.is_handling()) return octets;
  if (session_.transport().sender().queued_bytes() == 0) {
    session_.wait_for(Wait::keep_alive, session_.shared().idle_ms);
  } else if (session_.transport().sender().queued_bytes() >
                 session_.shared().config.send_queue_bytes_high &&
             !session_.transport().receiver().is_paused()) {
    session_.connection().pause_reading();
  }
  return octets;
}

IncomingMessage& H1Reader::begin(Phase phase) {
  if (!message_) {
    message_ = session_.shared().lend_message();
    message_->phase = phase;
    session_.connection().recount();
    // The message gets a deadline, and a slow handler may have run since the clock was read.
    session_.shared().clock.reread();
  }
  // Mixed with the octets of another message, each later message would begin at the wrong octet.
  CHECK(message_->phase == phase);
  if (session_.keep_alive().ends_once_read()) session_.transport().receiver().cancel();
  return *message_;
}

void H1Reader::drop() {
  session_.timer().stop();
  if (session_.transport().receiver().is_into_room()) [[unlikely]]
    session_.transport().receiver().keep_room(message_->give_up_room());
  session_.shared().take_back(std::move(message_));
  session_.connection().recount();
}

// --- messages ---

std::string_view H1Reader::begin_body(const RequestHead& head, const Match& match,
                                      std::string_view rest) {
  const RouteSettings& settings = *match.route;
  if (settings.wants_json || settings.wants_form) {
    if (const Reason reason = unfit_body(head, settings, session_.shared().config);
        reason != Reason::none) {
      session_.answers().answer_unfit(head, settings, reason, rest);
      return skip_body(head, rest);
    }
  }
  const std::uint64_t body_max = body_bytes_max_of(settings, session_.shared().config, head);
  if (head.framing == BodyFraming::length) {
    if (head.content_length > body_max) {
      session_.refuse(Reason::refused_body_too_large, head.method);
      return {};
    }
  }
  if (settings.streams_body ||
      is_worth_streaming(settings, head, session_.shared().config, rest.size())) {
    return begin_streamed_body(head, match, rest);
  }
  if (head.framing == BodyFraming::length) {
    if (rest.size() >= head.content_length) {
      session_.dispatch(head, rest.substr(0, head.content_length), match);
      return rest.substr(head.content_length);
    }
  }
  const bool has_length = head.framing == BodyFraming::length;
  const bool is_large =
      has_length && head.content_length > session_.shared().spool_rules.body_bytes_max_held;
  const Phase phase = is_large ? Phase::spooled_body : Phase::length_body;
  IncomingMessage& incoming = begin(has_length ? phase : Phase::chunked_body);
  incoming.keep_head(head);
  if (incoming.has_failed()) {
    session_.refuse(Reason::shed_memory, head.method);
    return {};
  }
  session_.timer().note_begin_if_unknown(session_.shared().clock.now_ns());
  session_.wait_for(Wait::body, session_.shared().config.rate_grace_ms);
  if (head.expects_continue && rest.empty()) {
    // H1-071: every check of the head has passed, and no octet of the body has arrived.
    if (!session_.output().append("HTTP/1.1 100 Continue\r\n\r\n")) {
      session_.lack_memory();
      return {};
    }
    session_.connection().schedule();
  }
  if (is_large) {
    incoming.owe(head.content_length);
    begin_spool();
    return resume_spooled(rest);
  }
  if (has_length) return resume_length_body(rest);
  incoming.decoder.begin(session_.shared().head_limits, session_.shared().body_limits, body_max,
                         &incoming.trailers);
  return resume_chunked_body(rest);
}

bool H1Reader::holds_chunked_body(std::string_view rest) const {
  ChunkedDecoder decoder;
  decoder.begin(session_.shared().head_limits, session_.shared().body_limits, no_limit);
  ChunkedDecoder::Step step;
  do {
    step = decoder.decode(rest);
    rest.remove_prefix(step.consumed_bytes);
  } while (step.state == ChunkedDecoder::State::data);
  return step.state == ChunkedDecoder::State::complete;
}

// A large body is not drained (CON-021). A body whose 100 was not sent may never arrive (H1-072).
bool H1Reader::must_close_unread(const RequestHead& head, std::string_view rest) const {
  switch (head.framing) {
    case BodyFraming::none:
      return false;
    case BodyFraming::chunked:
      return head.expects_continue && !holds_chunked_body(rest);
    case BodyFraming::length:
      // By the declared length, so that the segments in which octets arrive make no difference.
      if (head.content_length > session_.shared().config.drain_body_bytes_max) return true;
      return head.expects_continue && rest.size() < head.content_length;
  }
  return true;
}

std::string_view H1Reader::skip_body(const RequestHead& head, std::string_view rest) {
  const bool reads_on = session_.is_open() || session_.is_handling();
  if (!reads_on || head.framing == BodyFraming::none) return rest;
  if (head.framing == BodyFraming::length && rest.size() >= head.content_length) {
    return rest.substr(head.content_length);
  }
  IncomingMessage& incoming =
      begin(head.framing == BodyFraming::length ? Phase::discard_length : Phase::discard_chunked);
  incoming.left_bytes = head.framing == BodyFraming::length
                            ? head.content_length
                            : session_.shared().config.drain_body_bytes_max;
  if (head.framing == BodyFraming::chunked) {
    incoming.decoder.begin(session_.shared().head_limits, session_.shared().body_limits, no_limit);
  }
  if (session_.is_open()) {
    // Reading goes on even if much is queued: the time limit runs, and discarding queues nothing.
    session_.transport().receiver().resume();
    session_.wait_for(Wait::drain_body, session_.shared().config.drain_body_timeout_ms);
  }
  return rest.empty() ? rest : resume_discard(rest);
}

}  // namespace pelton::http
