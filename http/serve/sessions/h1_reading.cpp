// How an HTTP/1.1 session reads a request that does not lie whole in one receive: its octets are
// copied once into an IncomingMessage, and reading goes on there with each receive.
#include <algorithm>

#include "core/check.hpp"
#include "http/serve/body_admission.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

using Phase = IncomingMessage::Phase;

void H1Session::received(std::string_view octets) {
  if (life_ == Life::handling) return received_while_handling(octets);
  // Whatever follows the request that ended the connection is discarded (H1-083).
  if (life_ != Life::open) {
    peer_sent_all_ = false;
    return;
  }
  // What was on its way when reading paused: of a message that began before, or of a later one.
  if (incoming_ && incoming_->phase != Phase::backlog) octets = resume(octets);
  if (octets.empty()) return;
  if (reads_messages()) {
    received_plain(octets);
  } else {
    keep_backlog(octets);
  }
}

// What must wait because output is backed up, or a handler has not answered yet.
void H1Session::keep_backlog(std::string_view octets) {
  if (life_ == Life::handling) return received_while_handling(octets);
  if (life_ != Life::open) {
    peer_sent_all_ = false;
    return;
  }
  CHECK(transport().reading_paused());
  IncomingMessage& backlog = begin_incoming(Phase::backlog);
  backlog.add_unread(octets, shared_.config.pipeline_requests_max);
  if (backlog.has_failed()) return lack_memory();
  if (backlog_is_full()) transport().cancel_receive();
}

// H1-081, LIM-011
bool H1Session::backlog_is_full() const {
  const ServerConfig& config = shared_.config;
  const std::size_t bytes = incoming_->unread().size();
  // Ahead of an accept these are frames (WS-006).
  if (awaits_upgrade()) return bytes >= config.receive_credit_bytes;
  return incoming_->heads_waiting >= config.pipeline_requests_max ||
         bytes >= config.pipeline_bytes_max;
}

void H1Session::begin_partial_head(std::string_view octets) {
  IncomingMessage& incoming = begin_incoming(Phase::head);
  incoming_since_ns_ = shared_.clock.now_ns();
  if (!incoming.octets.append(octets)) return refuse(Reason::shed_memory, Method::other);
  // Read once more from the start, now with a parser that stays: the shared one moves on.
  const Verdict verdict = incoming.parser.parse(incoming.octets.view());
  CHECK(verdict == Verdict::need_more);
  start_header_timer();
}

// The timer of a later request starts with its first octet, which the one CRLF ahead of it is not
// (CON-003, H1-003).
void H1Session::start_header_timer() {
  if (waiting_ == Wait::header || !incoming_begun()) return;
  wait_for(Wait::header, shared_.clock.now_ms() + shared_.config.header_timeout_ms);
}

// --- messages in pieces ---

bool H1Session::incoming_begun() const {
  return incoming_->phase != Phase::head || incoming_->parser.started();
}

std::string_view H1Session::resume(std::string_view octets) {
  switch (incoming_->phase) {
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

std::string_view H1Session::resume_head(std::string_view octets) {
  IncomingMessage& incoming = *incoming_;
  const std::size_t held_bytes = incoming.octets.size();
  if (!incoming.octets.append(octets)) {
    refuse(Reason::shed_memory, Method::other);
    return {};
  }
  switch (incoming.parser.parse(incoming.octets.view())) {
    case Verdict::rejected:
      refuse(incoming.parser.reason(), incoming_method());
      return {};
    case Verdict::need_more:
      start_header_timer();
      return {};
    case Verdict::complete:
      break;
  }
  const RequestHead& head = incoming.parser.head();
  incoming.octets.truncate(head.head_bytes);
  waiting_ = Wait::nothing;
  // The head leaves the connection for the time of the message, so that its body may take that
  // place.
  std::unique_ptr<IncomingMessage> owner = std::move(incoming_);
  const std::string_view rest = begin_message(head, octets.substr(head.head_bytes - held_bytes));
  shared_.take_back(std::move(owner));
  connection_.recount();
  return rest;
}

std::string_view H1Session::resume_length_body(std::string_view octets) {
  const std::size_t taken = std::min(octets.size(), incoming_->body_bytes_owed());
  if (!incoming_->octets.append(octets.substr(0, taken))) {
    refuse(Reason::shed_memory, incoming_method());
    return {};
  }
  octets.remove_prefix(taken);
  length_body_grew(taken);
  return octets;
}

void H1Session::length_body_grew(std::size_t bytes) {
  earn_body_credit(bytes);
  if (incoming_->body_bytes_owed() != 0) {
    if (!transport().receives_into_room() && owes_much()) transport().cancel_receive();
    return;
  }
  std::unique_ptr<IncomingMessage> owner = std::move(incoming_);
  waiting_ = Wait::nothing;
  const std::uint32_t head_bytes = owner->head.head_bytes;
  const std::string_view body = owner->octets.view().substr(head_bytes);
  serve_incoming(std::move(owner), body);
}

// A handler that suspends the exchange takes the message with it.
void H1Session::serve_incoming(std::unique_ptr<IncomingMessage> message, std::string_view body) {
  const RequestHead& head = message->head_in_place();
  shared_.served = {.session = this, .message = &message};
  dispatch(head, body, shared_.routes.match(head, shared_.match_scratch));
  shared_.served = {};
  if (message) shared_.take_back(std::move(message));
  connection_.recount();
}

std::string_view H1Session::resume_chunked_body(std::string_view octets) {
  if (incoming_->whole) return spool_on(octets);
  while (!octets.empty()) {
    IncomingMessage& incoming = *incoming_;
    const ChunkedDecoder::Step step = incoming.decoder.decode(octets);
    earn_body_credit(step.consumed_bytes);
    octets.remove_prefix(step.consumed_bytes);
    switch (step.state) {
      case ChunkedDecoder::State::rejected:
        refuse(incoming.decoder.reason(), incoming_method());
        return {};
      case ChunkedDecoder::State::data:
        if (!incoming.body.append(step.data)) {
          refuse(Reason::shed_memory, incoming_method());
          return {};
        }
        if (!incoming.spool && incoming.body.size() > shared_.spool_rules.body_bytes_max_held)
          begin_spool();
        break;
      case ChunkedDecoder::State::need_more:
        break;
      case ChunkedDecoder::State::complete: {
        if (incoming.spool) {
          incoming.whole = true;
          return spool_on(octets);
        }
        std::unique_ptr<IncomingMessage> owner = std::move(incoming_);
        waiting_ = Wait::nothing;
        const std::string_view body = owner->body.view();
        serve_incoming(std::move(owner), body);
        return octets;
      }
    }
  }
  return incoming_->spool ? spool_on({}) : octets;
}

std::string_view H1Session::resume_discard(std::string_view octets) {
  IncomingMessage& incoming = *incoming_;
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
        // The body's end will not be found, so the connection ends with the response.
        shared_.stats.count(Reason::closed_body_not_drained);
        drop_incoming();
        if (life_ == Life::handling) {
          end_after_response();
          return {};
        }
        finish();
        connection_.finish_if_flushed();
        return {};
      }
      if (step.state == ChunkedDecoder::State::complete) break;
    }
    if (octets.empty()) {
      // Much of a chunked body is discarded when its time runs, which begins with the answer.
      if (life_ == Life::handling && incoming.left_bytes == 0 && !transport().reading_paused())
        connection_.pause_reading();
      return {};
    }
  }
  drop_incoming();
  if (life_ == Life::handling) return octets;
  if (transport().queued_bytes() == 0) {
    wait_for(Wait::keep_alive, shared_.clock.now_ms() + shared_.idle_ms);
  } else if (transport().queued_bytes() > shared_.config.send_queue_bytes_high &&
             !transport().reading_paused()) {
    connection_.pause_reading();
  }
  return octets;
}

IncomingMessage& H1Session::begin_incoming(Phase phase) {
  if (!incoming_) {
    incoming_ = shared_.lend_message();
    incoming_->phase = phase;
    connection_.recount();
    // A handler may have taken its time since the turn began, and an incoming message gets a
    // deadline.
    shared_.clock.reread();
  }
  // Octets of one message among those of another would move every later message.
  CHECK(incoming_->phase == phase);
  if (ends_once_read_) transport().cancel_receive();
  return *incoming_;
}

// Nobody waits for the rest of a message any more.
void H1Session::drop_incoming() {
  waiting_ = Wait::nothing;
  if (transport().receives_into_room()) [[unlikely]]
    transport().keep_room(incoming_->give_up_room());
  shared_.take_back(std::move(incoming_));
  connection_.recount();
}

void H1Session::earn_body_credit(std::size_t bytes) {
  const ServerConfig& config = shared_.config;
  wait_deadline_ms_ =
      std::min(wait_deadline_ms_ + bytes * 1000 / config.body_rate_bytes_per_second_min,
               shared_.clock.now_ms() + config.rate_credit_ms_max);
}

// --- messages ---

std::string_view H1Session::begin_body(const RequestHead& head, const Match& match,
                                       std::string_view rest) {
  const RouteSettings& settings = *match.route;
  if (settings.wants_json || settings.wants_form) {
    if (const Reason reason = unfit_body(head, settings, shared_.config); reason != Reason::none) {
      answer_unfit(head, settings, reason, rest);
      return skip_body(head, rest);
    }
  }
  const std::uint64_t body_max = body_bytes_max_of(settings, shared_.config, head);
  if (head.framing == BodyFraming::length) {
    if (head.content_length > body_max) {
      refuse(Reason::refused_body_too_large, head.method);
      return {};
    }
  }
  if (settings.streams_body) return begin_streamed_body(head, match, rest);
  if (head.framing == BodyFraming::length) {
    if (rest.size() >= head.content_length) {
      dispatch(head, rest.substr(0, head.content_length), match);
      return rest.substr(head.content_length);
    }
  }
  const bool has_length = head.framing == BodyFraming::length;
  const bool is_large = has_length && head.content_length > shared_.spool_rules.body_bytes_max_held;
  const Phase phase = is_large ? Phase::spooled_body : Phase::length_body;
  IncomingMessage& incoming = begin_incoming(has_length ? phase : Phase::chunked_body);
  incoming.keep_head(head);
  if (incoming.has_failed()) {
    refuse(Reason::shed_memory, head.method);
    return {};
  }
  if (incoming_since_ns_ == 0) incoming_since_ns_ = shared_.clock.now_ns();
  wait_for(Wait::body, shared_.clock.now_ms() + shared_.config.rate_grace_ms);
  if (head.expects_continue && rest.empty()) {
    // H1-071: everything that can refuse has had its say, and nothing of the body has come.
    if (!output().append("HTTP/1.1 100 Continue\r\n\r\n")) {
      lack_memory();
      return {};
    }
    connection_.schedule();
  }
  if (is_large) {
    incoming.owe(head.content_length);
    begin_spool();
    return resume_spooled(rest);
  }
  if (has_length) return resume_length_body(rest);
  incoming.decoder.begin(shared_.head_limits, shared_.body_limits, body_max);
  return resume_chunked_body(rest);
}

bool H1Session::holds_chunked_body(std::string_view rest) const {
  ChunkedDecoder decoder;
  decoder.begin(shared_.head_limits, shared_.body_limits, no_limit);
  ChunkedDecoder::Step step;
  do {
    step = decoder.decode(rest);
    rest.remove_prefix(step.consumed_bytes);
  } while (step.state == ChunkedDecoder::State::data);
  return step.state == ChunkedDecoder::State::complete;
}

// Large bodies are not drained (CON-021), and those whose 100 was not sent may never come (H1-072).
bool H1Session::must_close_unread(const RequestHead& head, std::string_view rest) const {
  switch (head.framing) {
    case BodyFraming::none:
      return false;
    case BodyFraming::chunked:
      return head.expects_continue && !holds_chunked_body(rest);
    case BodyFraming::length:
      // By what was declared, not by what has not come yet, so that segmentation decides nothing.
      if (head.content_length > shared_.config.drain_body_bytes_max) return true;
      return head.expects_continue && rest.size() < head.content_length;
  }
  return true;
}

std::string_view H1Session::skip_body(const RequestHead& head, std::string_view rest) {
  const bool reads_on = life_ == Life::open || life_ == Life::handling;
  if (!reads_on || head.framing == BodyFraming::none) return rest;
  if (head.framing == BodyFraming::length && rest.size() >= head.content_length) {
    return rest.substr(head.content_length);
  }
  IncomingMessage& incoming = begin_incoming(
      head.framing == BodyFraming::length ? Phase::discard_length : Phase::discard_chunked);
  incoming.left_bytes = head.framing == BodyFraming::length ? head.content_length
                                                            : shared_.config.drain_body_bytes_max;
  if (head.framing == BodyFraming::chunked) {
    incoming.decoder.begin(shared_.head_limits, shared_.body_limits, no_limit);
  }
  if (life_ == Life::open) {
    // Read on, however much is queued: the peer's time runs, and a discard asks for nothing.
    transport().resume_reading();
    wait_for(Wait::drain_body, shared_.clock.now_ms() + shared_.config.drain_body_timeout_ms);
  }
  return rest.empty() ? rest : resume_discard(rest);
}

void H1Session::peer_finished() {
  if (life_ == Life::handling) {
    if (streams_body()) return refuse_streamed(Reason::refused_body_truncated);
    if (exchange_ != nullptr) exchange_->pending().note_peer_finished();
    connection_.inspect_by(shared_.clock.now_ms() + Connection::peer_look_ms);
    connection_.schedule();
    return;
  }
  if (life_ == Life::open && !transport().reading_paused()) {
    if (!incoming_) {
      shared_.stats.count(Reason::closed_by_peer);
      finish();
    } else if (incoming_->phase == IncomingMessage::Phase::head && !incoming_->parser.started()) {
      shared_.stats.count(Reason::closed_by_peer);
      finish();
    } else if (incoming_->phase == IncomingMessage::Phase::head) {
      refuse(Reason::refused_head_truncated, incoming_method());
    } else if (incoming_->phase == IncomingMessage::Phase::length_body ||
               incoming_->phase == IncomingMessage::Phase::chunked_body ||
               incoming_->phase == IncomingMessage::Phase::spooled_body) {
      refuse(Reason::refused_body_truncated, incoming_method());
    } else {
      shared_.stats.count(Reason::closed_body_not_drained);
      finish();
    }
  }
  connection_.finish_if_flushed();
}

}  // namespace pelton::http
