// The response of an HTTP/2 stream: whole or in pieces, by a handler or by the server itself.
#include <algorithm>
#include <array>
#include <cerrno>

#include "core/check.hpp"
#include "http/h2/response_list.hpp"
#include "http/serve/body_admission.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/own_answer.hpp"
#include "http/serve/sessions/h2_session.hpp"
#include "http/serve/sessions/h2_stream.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

namespace {

// A response with this status has no content (RFC 9110 section 6.4.1).
bool has_no_content(std::uint16_t status) {
  return status == 204 || status == 205 || status == 304;
}

// 204 and 304 have no Content-Length either.
bool says_length(std::uint16_t status) {
  return status != 204 && status != 304;
}

}  // namespace

// --- the exchange ---

void H2Stream::call(const Handler& handler, const RequestHead& head, std::string_view body,
                    const Match& match) {
  life_ = Life::called;
  Exchange exchange({.request = head,
                     .body = body,
                     .match = match,
                     .host = *this,
                     .sink = {*this, body_, shared_.writer}});
  const Outcome outcome = handler(exchange);
  CHECK(exchange.suspended() == (outcome == Outcome::pending));
  if (outcome == Outcome::pending) return;
  settle_answer(exchange, outcome);
  release_message();
}

ExchangeHandle H2Stream::suspend(const Exchange& live, const ExchangeListener& listener) {
  CHECK(pending_ == nullptr);
  // What has come of a body that the handler reads itself.
  Output early(shared_.blocks);
  if (reads_body_) early.take(message_->body);
  pending_ = &shared_.pending.emplace(live, *this, std::move(message_), shared_.blocks, listener);
  const RouteSettings* const route = live.match().route;
  const std::uint64_t timeout_ms =
      route == nullptr ? shared_.config.request_timeout_ms
                       : route->timeout_ms.value_or(shared_.config.request_timeout_ms);
  if (timeout_ms != no_limit) {
    pending_->deadline_ms = shared_.clock.now_ms() + timeout_ms;
    connection_.inspect_by(pending_->deadline_ms);
  }
  if (shared_.handlers_running() >= shared_.config.handlers_running_max) shared_.may_shed = true;
  if (!early.empty()) pending_->body.append(early);
  if (ended_ || !reads_body_) {
    pending_->body.complete();
  } else {
    pending_->await_body(Persistence::keep);
  }
  connection_.recount();
  return {shared_.pending, pending_->place()};
}

ExchangeHandle H2Stream::hand_over(const ExchangeListener& listener) {
  if (pending_ == nullptr) return {};
  CHECK(!pending_->response_begun());
  pending_->hand_over(listener);
  return {shared_.pending, pending_->place()};
}

void H2Stream::release_exchange() {
  PendingExchange& over = *std::exchange(pending_, nullptr);
  if (auto message = over.take_message()) shared_.take_back(std::move(message));
  shared_.pending.erase(over.place().slot);
  drop_refused_websocket();
  if (life_ == Life::called) life_ = Life::answered;
  // What it did not take of the body is in nobody's way any more.
  open_windows();
  connection_.recount();
}

void H2Stream::settle() {
  if (websocket_) {
    websocket_->settle();
    note_frames();
    if (websocket_->is_over()) end_websocket();
  }
  while (pending_ != nullptr && pending_->tell_news()) {
  }
  if (pending_ != nullptr && pending_->wants_continue()) {
    pending_->note_continue();
    say_continue();
    await_body();
  }
}

void H2Stream::note_room() {
  if (websocket_ && websocket_->awaits_room()) return session_.bring_news(*this);
  if (pending_ == nullptr || !pending_->room_awaited()) return;
  const bool has_room = queued_bytes() <= shared_.config.send_queue_bytes_low &&
                        session_.queued_bytes() < shared_.config.connection_queue_bytes_max;
  if (!has_room) return;
  pending_->note_room();
  session_.bring_news(*this);
}

void H2Stream::time_out() {
  shared_.tell(Reason::fault_request_timeout, this);
  pending_->deadline_ms = TimerWheel::no_deadline_ms;
  pending_->finish(ExchangeEvent::cancelled);
  const Exchange& exchange = pending_->exchange();
  answer(exchange.request(),
         answer_failed(shared_, exchange.match().route, 504, Reason::fault_request_timeout));
  release_exchange();
}

// --- whole responses ---

HeadFault H2Stream::begin(const ResponseHead& head, const RequestHead& request) {
  for_head_ = request.method == Method::head;
  return shared_.h2_response.begin(head, &request);
}

HeadFault H2Stream::finish() {
  h2::ResponseList& list = shared_.h2_response;
  const SaidFields& said = list.said();
  const bool is_empty = has_no_content(list.status());
  std::uint64_t length = body_.size();
  // A handler of HEAD may set the length that GET would have.
  const bool is_stated = for_head_ && said.length && length == 0;
  if (is_empty) {
    length = 0;
  } else if (is_stated) {
    length = said.declared_length;
  } else if (said.length && said.declared_length != length) {
    abandon();
    return HeadFault::length;
  }
  if (is_empty || for_head_) body_.release();
  if (says_length(list.status())) list.add_length(length);
  if (!session_.codec().respond(id_, list.status(), list.fields(), !body_.empty())) {
    abandon();
    return HeadFault::memory;
  }
  whole_body_bytes_ = body_.size();
  out_ended_ = true;
  note_queued(body_.size());
  connection_.schedule();
  return HeadFault::none;
}

void H2Stream::abandon() {
  body_.release();
  body_.recover();
}

void H2Stream::answer(const RequestHead& head, const OwnAnswer& answer) {
  drop_refused_websocket();
  if (life_ != Life::called) life_ = Life::answered;
  std::array<FieldView, OwnAnswer::fields_max> room;
  HeadFault fault = begin(answer.head(room), head);
  CHECK(fault == HeadFault::none);
  if (!body_.append(answer.text)) return session_.lack_memory();
  fault = finish();
  if (fault != HeadFault::none) return session_.lack_memory();
  log(head, nullptr, answer.status, whole_body_bytes_, answer.reason);
  if (pending_ == nullptr) {
    life_ = Life::answered;
    body_deadline_ms_ = TimerWheel::no_deadline_ms;
    open_windows();
    release_message();
  }
}

// Answers 500 for a handler that failed, and logs the exchange (PRC-051).
void H2Stream::settle_answer(Exchange& exchange, Outcome outcome) {
  const bool failed = outcome == Outcome::failed || !exchange.responded();
  const Match& match = exchange.match();
  if (failed) {
    shared_.stats.count(Reason::fault_handler);
    if (exchange.begun()) exchange.abandon();
    if (!exchange.responded()) {
      const OwnAnswer answer = answer_failed(shared_, match.route, 500, Reason::fault_handler);
      std::array<FieldView, OwnAnswer::fields_max> room;
      if (exchange.respond(answer.head(room), answer.text) != HeadFault::none) {
        return session_.lack_memory();
      }
    }
  }
  log(exchange.request(), match.found_route(), exchange.status(), whole_body_bytes_,
      failed ? Reason::fault_handler : reason_of(match.outcome));
  life_ = Life::answered;
  drop_refused_websocket();
  open_windows();
}

void H2Stream::refuse(Reason reason) {
  shared_.tell(reason, this);
  const RequestHead head =
      message_->head.base == nullptr ? message_->head : message_->head_in_place();
  answer(head, answer_refused(shared_, reason));
}

// The body that a handler reads will never be whole.
void H2Stream::refuse_streamed(Reason reason) {
  body_deadline_ms_ = TimerWheel::no_deadline_ms;
  pending_->body_fault = reason;
  if (pending_->response_begun()) {
    const Reason cut_reason = cut_reason_of(reason);
    shared_.tell(cut_reason, this);
    reset(h2::ErrorCode::cancel);
    return drop(ExchangeEvent::body_refused, cut_reason);
  }
  pending_->finish(ExchangeEvent::body_refused);
  shared_.tell(reason, this);
  answer(pending_->exchange().request(), answer_refused(shared_, reason));
  release_exchange();
}

// --- responses in pieces ---

HeadFault H2Stream::hint(std::span<const std::string_view> links) {
  CHECK(!pending_->response_begun());
  if (links.empty()) return HeadFault::none;
  h2::ResponseList& list = shared_.h2_response;
  if (const HeadFault fault = list.begin_early_hints(links); fault != HeadFault::none) return fault;
  if (!session_.codec().inform(id_, 103, list.fields())) return HeadFault::memory;
  connection_.schedule();
  return HeadFault::none;
}

HeadFault H2Stream::begin_stream(const ResponseHead& head) {
  using Framing = h1::StreamedBody::Framing;
  CHECK(!pending_->response_begun());
  h2::ResponseList& list = shared_.h2_response;
  const RequestHead& request = pending_->exchange().request();
  if (const HeadFault fault = list.begin(head, &request); fault != HeadFault::none) return fault;
  const bool for_head = request.method == Method::head;
  const bool is_empty = has_no_content(head.status);
  const SaidFields said = list.said();
  if (head.status == 205) {
    list.add_length(0);
  } else if (said.length && !is_empty) {
    list.add_length(said.declared_length);
  }
  Framing framing = said.length ? Framing::length : Framing::until_close;
  if (is_empty || for_head) framing = Framing::none;
  if (!session_.codec().respond(id_, head.status, list.fields(), framing != Framing::none)) {
    return HeadFault::memory;
  }
  written_ = h1::StreamedBody(framing, said.declared_length, false);
  out_ended_ = framing == Framing::none;
  pending_->response.status = head.status;
  pending_->deadline_ms = TimerWheel::no_deadline_ms;  // CON-005: only until the response begins
  connection_.schedule();
  return HeadFault::none;
}

std::size_t H2Stream::write(std::string_view piece) {
  CHECK(pending_->response_begun());
  const ServerConfig& config = shared_.config;
  std::size_t taken = piece.size();
  if (written_.wants_more()) {
    const std::uint64_t queue_max = config.connection_queue_bytes_max;
    const std::uint64_t queued = session_.queued_bytes();
    const bool is_full = queued_bytes() > config.send_queue_bytes_high || queued > queue_max;
    taken =
        static_cast<std::size_t>(std::min<std::uint64_t>(taken, is_full ? 0 : queue_max - queued));
  }
  if (!body_.make_room(taken)) {
    // Queued octets leave first and free their memory. With nothing queued, waiting frees none.
    if (queued_bytes() == 0) {
      session_.lack_memory();
      return piece.size();
    }
    body_.recover();
    taken = 0;
  }
  const std::size_t before = body_.size();
  written_.write(body_, piece.substr(0, taken));
  note_queued(body_.size() - before);
  if (taken < piece.size()) pending_->await_room();
  session_.codec().resume(id_);
  connection_.schedule();
  return taken;
}

bool H2Stream::is_backed_up() {
  CHECK(pending_->response_begun());
  if (queued_bytes() <= shared_.config.send_queue_bytes_high) return false;
  pending_->await_room();
  connection_.schedule();
  return true;
}

std::int64_t H2Stream::write_file(int /*file*/, std::uint64_t /*offset*/, std::size_t /*bytes*/) {
  return -EOPNOTSUPP;
}

void H2Stream::await_turn() {
  pending_->await_room();
  connection_.transport().sender().await_room();
}

void H2Stream::end(Outcome outcome, std::span<const FieldView> trailers) {
  CHECK(outcome != Outcome::pending);
  if (pending_->response_begun()) return end_stream(outcome, trailers);
  settle_answer(pending_->exchange(), outcome);
  release_exchange();
}

void H2Stream::end_stream(Outcome outcome, std::span<const FieldView> trailers) {
  const bool whole = outcome == Outcome::responded && !written_.is_short();
  Reason reason = Reason::none;
  if (outcome == Outcome::failed) {
    reason = pending_->response.truncated ? Reason::fault_static_truncated
                                          : Reason::fault_handler_streaming;
  } else if (written_.is_short() || written_.has_surplus()) {
    reason = Reason::fault_response_length;
  }
  const Exchange& exchange = pending_->exchange();
  log(exchange.request(), exchange.match().found_route(), pending_->response.status,
      written_.body_bytes(), reason);
  if (!whole) {
    shared_.tell(reason, this);
    reset(h2::ErrorCode::internal_error);
    drop_queued();
    return release_exchange();
  }
  if (reason != Reason::none) shared_.stats.count(reason);
  if (!out_ended_) {
    shared_.h2_response.begin_trailers(trailers);
    for (const FieldView& field : shared_.h2_response.fields()) {
      trailers_.emplace_back(field.name, field.value);
    }
    out_ended_ = true;
    session_.codec().resume(id_);
    await_client();  // nghttp2 wants an open window for the end too
  }
  connection_.schedule();
  release_exchange();
}

void H2Stream::forsake() {
  const Exchange& exchange = pending_->exchange();
  log(exchange.request(), exchange.match().found_route(), pending_->response.status,
      written_.body_bytes(), Reason::none);
  reset(h2::ErrorCode::internal_error);
  drop_queued();
  release_exchange();
}

std::unique_ptr<OrphanedHandler> H2Stream::orphan(OrphanedHandler::Expire at_limit, void* context) {
  const std::uint64_t limit_ms =
      pending_->over() ? pending_->deadline_ms : TimerWheel::no_deadline_ms;
  return std::make_unique<OrphanedHandler>(shared_.orphans, limit_ms, at_limit, context,
                                           session_.share_of_streams());
}

void H2Stream::reset(h2::ErrorCode code) {
  if (std::exchange(is_reset_, true)) return;
  session_.codec().reset(id_, code);
  connection_.schedule();
}

void H2Stream::log(const RequestHead& head, const RouteSettings* route, std::uint16_t status,
                   std::uint64_t body_bytes, Reason reason) {
  if (shared_.access_log == nullptr) return;
  shared_.access_log->write({.request = head,
                             .route = route,
                             .ends = *this,
                             .status = status,
                             .reason = reason,
                             .body_bytes = body_bytes,
                             .began_ns = began_ns_,
                             .id = shared_.id_of(head)});
}

// --- octets out ---

void H2Stream::note_queued(std::size_t bytes) {
  if (bytes == 0) return;
  session_.add_queued(bytes);
  noted_bytes_ += bytes;
  await_client();
}

// The client has time to take what is sent, and earns more by what it takes (H2-030).
void H2Stream::await_client() {
  if (send_deadline_ms_ != TimerWheel::no_deadline_ms) return;
  send_deadline_ms_ = shared_.clock.now_ms() + shared_.config.rate_grace_ms;
  connection_.inspect_by(send_deadline_ms_);
}

void H2Stream::drop_queued() {
  session_.take_queued(std::exchange(noted_bytes_, 0));
  body_.release();
  sending_.release();
  sent_bytes_ = 0;
  send_deadline_ms_ = TimerWheel::no_deadline_ms;
}

h2::BodyPart H2Stream::next_part(std::size_t bytes_max) {
  if (websocket_) note_frames();
  if (sent_bytes_ == sending_.size()) {
    if (websocket_) websocket_->begin_sending();
    sent_bytes_ = 0;
    sending_.release();
    sending_.take(body_);
  }
  const std::size_t left = sending_.size() - sent_bytes_;
  h2::BodyPart part{.bytes = std::min(left, bytes_max)};
  part.ends = out_ended_ && part.bytes == left && body_.empty();
  if (part.ends && !trailers_.empty()) {
    std::vector<FieldView> fields;
    for (const auto& [name, value] : trailers_) fields.push_back({name, value});
    part.has_trailers = session_.codec().trail(id_, fields);
    trailers_.clear();
  }
  return part;
}

bool H2Stream::put_part(Output& output, std::string_view frame_head, std::size_t bytes) {
  // The stream may have been reset between next_part() and this.
  if (bytes > sending_.size() - sent_bytes_) return false;
  output.append(frame_head);
  if (bytes == 0) return true;
  output.append({sending_.data() + sent_bytes_, bytes});
  sent_bytes_ += bytes;
  session_.take_queued(bytes);
  noted_bytes_ -= bytes;
  session_.note_data_sent();
  if (queued_bytes() == 0) {
    send_deadline_ms_ = TimerWheel::no_deadline_ms;
    sending_.release();
    sent_bytes_ = 0;
    if (websocket_) websocket_->sent();
  } else {
    const ServerConfig& config = shared_.config;
    send_deadline_ms_ =
        std::min(send_deadline_ms_ + bytes * 1000 / config.send_rate_bytes_per_second_min,
                 shared_.clock.now_ms() + config.rate_credit_ms_max);
  }
  note_room();
  return true;
}

// The client may go on sending a body that nobody reads: it is told not to (RFC 9113 section 8.1).
void H2Stream::response_sent() {
  send_deadline_ms_ = TimerWheel::no_deadline_ms;
  if (!ended_) reset(h2::ErrorCode::no_error);
}

}  // namespace pelton::http
