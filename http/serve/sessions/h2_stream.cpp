// The request of an HTTP/2 stream: its header list, its body, and how they reach a handler.
#include "http/serve/sessions/h2_stream.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "http/forms/form_type.hpp"
#include "http/message/authority.hpp"
#include "http/message/field_rules.hpp"
#include "http/serve/body_admission.hpp"
#include "http/serve/body_spool.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/own_answer.hpp"
#include "http/serve/sessions/h2_session.hpp"
#include "http/serve/shared.hpp"
#include "http/serve/websocket_admission.hpp"
#include "http/websocket/deflate_offer.hpp"
#include "http/websocket/handshake.hpp"

namespace pelton::http {

namespace {

constexpr std::size_t list_overhead_bytes = 32;  // of each field (RFC 9113 section 6.5.2)
constexpr std::uint64_t list_patience = 4;       // H2-010

// Nothing that would end a part of a request line.
bool fits_request_line(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char octet) { return octet > ' ' || octet < '\0'; }) &&
         !text.contains('\x7F');
}

}  // namespace

H2Stream::H2Stream(H2Session& session, Connection& connection, h2::StreamId id)
    : session_(session),
      connection_(connection),
      shared_(connection.shared()),
      id_(id),
      message_(shared_.lend_message()),
      parts_(shared_.blocks),
      cookies_(shared_.blocks),
      body_(shared_.blocks),
      sending_(shared_.blocks),
      began_ns_(shared_.clock.now_ns()) {}

H2Stream::~H2Stream() {
  CHECK(pending_ == nullptr);
  if (ReadyNode::linked()) ReadyNode::unlink();
  if (NewsNode::linked()) NewsNode::unlink();
  drop_queued();
  release_message();
}

void H2Stream::release_message() {
  if (message_) shared_.take_back(std::move(message_));
}

const Endpoints& H2Stream::endpoints() {
  return connection_.origin().endpoints();
}

bool H2Stream::is_secure() const {
  return connection_.origin().is_secure();
}

const TlsFacts* H2Stream::tls() const {
  return connection_.transport().tls_facts();
}

const RequestOrigin* H2Stream::forwarded(const RequestHead& head) {
  return connection_.origin().forwarded(static_cast<std::uint64_t>(id_), head);
}

// --- the header list ---

h2::FieldVerdict H2Stream::field(std::string_view name, std::string_view value) {
  using h2::FieldVerdict;
  const std::uint64_t list_bytes_max = shared_.config.h2_header_list_bytes_max;
  list_bytes_ += name.size() + value.size() + list_overhead_bytes;
  if (list_bytes_ > list_patience * list_bytes_max) return FieldVerdict::too_many;
  // What is refused is decoded to its end, so that both ends keep the same table, and dropped.
  if (malformed_ || refusal_ != Reason::none) return FieldVerdict::taken;
  if (list_bytes_ > list_bytes_max) {
    refusal_ = Reason::refused_header_section_too_large;
    return FieldVerdict::taken;
  }
  if (name.starts_with(':')) return pseudo_field(name, value);
  Output& octets = message_->octets;
  const bool is_first = octets.empty();
  const bool is_sound =
      (!is_first || put_request_line()) && is_token(name) && is_field_value(value);
  if (!is_sound) {
    malformed_ = true;
    return FieldVerdict::malformed;
  }
  if (++field_count_ > shared_.config.header_count_max) {
    refusal_ = Reason::refused_header_count;
    return FieldVerdict::taken;
  }
  if (name == "cookie") {
    if (!cookies_.empty()) cookies_.append("; ");
    cookies_.append(value);
    return FieldVerdict::taken;
  }
  const std::string_view authority = part(pseudo_.authority);
  if (name == "host" && !authority.empty()) {
    // It says the same again, or contradicts (RFC 9113 section 8.3.1).
    Authority parts;
    const bool is_same = read_authority(value, parts) && read_authority(authority, parts) &&
                         same_authority(value, authority, is_secure() ? https_port : http_port);
    malformed_ = !is_same;
    return is_same ? FieldVerdict::taken : FieldVerdict::malformed;
  }
  octets.append(name);
  octets.append(": ");
  octets.append(value);
  octets.append("\r\n");
  return FieldVerdict::taken;
}

h2::FieldVerdict H2Stream::pseudo_field(std::string_view name, std::string_view value) {
  Span* span = nullptr;
  if (name == ":method") span = &pseudo_.method;
  if (name == ":path") span = &pseudo_.path;
  if (name == ":authority") span = &pseudo_.authority;
  if (name == ":protocol") span = &pseudo_.protocol;
  if (span == nullptr) return h2::FieldVerdict::taken;  // :scheme: the connection's own counts
  *span = {.begin = static_cast<std::uint32_t>(parts_.size()),
           .bytes = static_cast<std::uint32_t>(value.size())};
  parts_.append(value);
  return h2::FieldVerdict::taken;
}

// The request line and the Host field of HTTP/1.1, which asks for a WebSocket by GET. False if the
// values do not fit into them.
bool H2Stream::put_request_line() {
  const std::string_view authority = part(pseudo_.authority);
  const bool is_connect = part(pseudo_.method) == "CONNECT" && !asks_for_websocket();
  const std::string_view method =
      asks_for_websocket() ? std::string_view("GET") : part(pseudo_.method);
  const std::string_view target = is_connect ? authority : part(pseudo_.path);
  if (!is_token(method) || !fits_request_line(target)) return false;
  if (!authority.empty() && !fits_request_line(authority)) return false;
  Output& octets = message_->octets;
  octets.append(method);
  octets.append(" ");
  octets.append(target);
  octets.append(" HTTP/1.1\r\n");
  if (authority.empty()) return true;
  octets.append("host: ");
  octets.append(authority);
  octets.append("\r\n");
  return true;
}

void H2Stream::head_ended() {
  session_.note_head_ended();
  list_bytes_ = field_count_ = 0;  // trailers are counted anew
  session_.count_request();
  if (malformed_) return;
  Output& octets = message_->octets;
  if (octets.empty() && refusal_ == Reason::none && !put_request_line()) {
    malformed_ = true;
    return reset(h2::ErrorCode::protocol_error);
  }
  if (!cookies_.empty()) {
    octets.append("cookie: ");
    octets.append(cookies_.view());
    octets.append("\r\n");
    cookies_.release();
  }
  octets.append("\r\n");
  session_.make_ready(*this);
}

// As H1-067 and H1-068 have it for HTTP/1.1.
h2::FieldVerdict H2Stream::trailer(std::string_view name, std::string_view value) {
  using h2::FieldVerdict;
  const std::uint64_t list_bytes_max = shared_.config.h2_header_list_bytes_max;
  list_bytes_ += name.size() + value.size() + list_overhead_bytes;
  if (list_bytes_ > list_patience * list_bytes_max) return FieldVerdict::too_many;
  const bool is_wanted = message_ || (pending_ != nullptr && reads_body_);
  if (malformed_ || trailers_refused_ || !is_wanted) return FieldVerdict::taken;
  if (name.starts_with(':') || !is_token(name) || !is_field_value(value)) {
    malformed_ = true;
    return FieldVerdict::malformed;
  }
  const bool is_too_large =
      list_bytes_ > list_bytes_max || ++field_count_ > shared_.config.header_count_max;
  Output& trailers = message_ ? message_->trailers : pending_->trailers();
  if (is_too_large) {
    refuse_trailers(Reason::refused_trailer_too_large);
  } else if (is_forbidden_trailer(name)) {
    refuse_trailers(Reason::refused_trailer_forbidden);
  } else if (!trailers.append(name) || !trailers.append(": ") || !trailers.append(value) ||
             !trailers.append("\r\n")) {
    refuse_trailers(Reason::shed_memory);
  }
  return FieldVerdict::taken;
}

void H2Stream::refuse_trailers(Reason reason) {
  trailers_refused_ = true;
  if (life_ == Life::reading) {
    refusal_ = reason;
  } else if (pending_ != nullptr) {
    refuse_streamed(reason);
  } else if (life_ == Life::taken) {
    refuse(reason);
  }
}

void H2Stream::message_ended() {
  if (malformed_) return;
  ended_ = true;
  body_deadline_ms_ = TimerWheel::no_deadline_ms;
  if (websocket_) return websocket_->peer_finished();
  if (pending_ != nullptr && reads_body_) {
    pending_->body.complete();
    return session_.bring_news(*this);
  }
  if (life_ != Life::taken) return;
  if (message_->spool) return spool_on();
  session_.make_ready(*this);
}

// --- the request ---

void H2Stream::go_on() {
  if (life_ >= Life::called && websocket_) return websocket_->read();
  if (life_ == Life::reading) return begin();
  if (life_ == Life::taken) serve_whole();
}

void H2Stream::begin() {
  life_ = Life::taken;
  if (message_->octets.has_failed() || parts_.has_failed() || cookies_.has_failed()) {
    return session_.lack_memory();
  }
  if (refusal_ != Reason::none) {
    // Only what was read before the limit is known.
    message_->head = {};
    message_->head.method = part(pseudo_.method) == "HEAD" ? Method::head : Method::other;
    message_->octets.release();
    return refuse(refusal_);
  }
  const bool asks_for_another = !part(pseudo_.protocol).empty() && !asks_for_websocket();
  if (asks_for_websocket()) websocket_ = std::make_unique<H2WebSocket>(*this, connection_);
  parts_.release();
  if (asks_for_another) {
    message_->octets.release();
    return refuse(Reason::refused_connect_unsupported);
  }
  HeadParser& parser = message_->parser;
  const Verdict verdict = parser.parse(message_->octets.view());
  message_->head = parser.head();
  RequestHead& head = message_->head;
  head.is_h2 = true;
  if (verdict == Verdict::rejected) {
    head.base = nullptr;
    return refuse(parser.reason());
  }
  CHECK(verdict == Verdict::complete);
  head.keep_alive = true;
  if (!has_body()) {
    head.framing = BodyFraming::none;
  } else if (head.framing == BodyFraming::none) {
    head.framing = BodyFraming::chunked;  // a body of any length
  }
  if (shared_.answers_at_once) [[unlikely]] {
    if (const auto own = answer_at_once(shared_, *this, head)) {
      if (own->reason != Reason::none) shared_.stats.count(own->reason);
      return answer(head, *own);
    }
  }
  if (shared_.may_shed) [[unlikely]] {
    if (const Reason reason = shared_.shed_reason(); reason != Reason::none) {
      shared_.tell(reason, this);
      return answer(head, answer_shed(shared_, reason));
    }
  }
  if (websocket_) return begin_websocket(head);
  const Match match = shared_.routes.match(head, shared_.match_scratch);
  if (match.outcome != MatchOutcome::found) {
    const Reason reason = reason_of(match.outcome);
    if (reason != Reason::none) shared_.stats.count(reason);
    const Handler* const handler = handler_of_unmatched(shared_, match);
    if (handler != nullptr) return call(*handler, head, {}, match);
    return answer(head, answer_unmatched(shared_, match));
  }
  if (!has_body()) return call(match.route->handler, head, {}, match);
  const RouteSettings& settings = *match.route;
  if (settings.wants_json || settings.wants_form) {
    const Reason reason = unfit_body(head, settings, shared_.config);
    if (reason != Reason::none) {
      shared_.stats.count(reason);
      return answer(head, answer_unfit(shared_, settings, reason));
    }
  }
  body_bytes_max_ = body_bytes_max_of(settings, shared_.config, head);
  const bool is_too_large =
      head.framing == BodyFraming::length && head.content_length > body_bytes_max_;
  if (is_too_large || body_bytes_ > body_bytes_max_) return refuse(Reason::refused_body_too_large);
  const bool is_streamed =
      !ended_ && is_worth_streaming(settings, head, shared_.config, body_bytes_);
  if (settings.streams_body || is_streamed) {
    return call_with_stream(head, match);
  }
  if (ended_) return serve_whole();
  await_body();
  if (head.expects_continue && body_bytes_ == 0) say_continue();
  // Octets that came before the request was read.
  open_windows();
  if (message_->body.size() > shared_.spool_rules.body_bytes_max_held) begin_spool();
}

// The handler reads the body as it arrives.
void H2Stream::call_with_stream(const RequestHead& head, const Match& match) {
  reads_body_ = true;
  call(match.route->handler, head, {}, match);
  if (pending_ != nullptr && !ended_) await_body();
}

// The body has arrived whole.
void H2Stream::serve_whole() {
  open_windows();
  body_deadline_ms_ = TimerWheel::no_deadline_ms;
  std::string_view body = message_->body.view();
  if (message_->spool) {
    message_->file = message_->spool->file();
    message_->spool.reset();
    if (message_->file->map() != 0) return refuse(Reason::answered_spool_full);
    body = message_->file->view();
  }
  const RequestHead& head = message_->head_in_place();
  const Match match = shared_.routes.match(head, shared_.match_scratch);
  call(match.route->handler, head, body, match);
}

// --- the body ---

void H2Stream::data(std::string_view octets) {
  body_bytes_ += octets.size();
  if (websocket_ && !is_reset_) {
    websocket_->received(octets);
    return session_.make_ready(*this);
  }
  // Nobody reads what comes for a handler that was called without it, or behind the answer.
  const bool is_wanted = life_ < Life::called || (life_ == Life::called && reads_body_);
  if (is_reset_ || malformed_ || !is_wanted) return session_.codec().consume(id_, octets.size());
  unopened_bytes_ += octets.size();
  earn_credit(octets.size());
  if (pending_ != nullptr) {
    if (body_bytes_ > body_bytes_max_) return refuse_streamed(Reason::refused_body_too_large);
    pending_->body.append(octets);
    if (pending_->body.has_failed()) return refuse_streamed(Reason::shed_memory);
    return session_.bring_news(*this);
  }
  // Until the request is read, the windows bound what comes.
  if (life_ == Life::taken) return collect(octets);
  if (!message_->body.append(octets)) session_.lack_memory();
}

void H2Stream::collect(std::string_view octets) {
  session_.note_collected();
  if (body_bytes_ > body_bytes_max_) return refuse(Reason::refused_body_too_large);
  if (!message_->body.append(octets)) return refuse(Reason::shed_memory);
  if (message_->spool) return spool_on();
  open_windows();
  if (message_->body.size() > shared_.spool_rules.body_bytes_max_held) begin_spool();
}

void H2Stream::begin_spool() {
  const auto hear = [](void* context) { static_cast<H2Stream*>(context)->spooled(); };
  message_->spool =
      BodySpool::begin(shared_.blocks, shared_.disk(), {hear, this}, shared_.spool_account);
  const RequestHead& head = message_->head_in_place();
  const FormType form =
      form_type(content_type_of(head), shared_.config.multipart_boundary_bytes_max);
  if (form.kind == FormType::Kind::multipart) {
    const Match match = shared_.routes.match(head, shared_.match_scratch);
    message_->spool->expect_form(form.boundary, multipart_limits_of(shared_.config),
                                 match.route->wants_form);
  }
  spool_on();
}

// Writes the collected octets once they are a piece. While the disk is slower than the client, the
// windows stay narrow.
void H2Stream::spool_on() {
  BodySpool& spool = *message_->spool;
  const std::size_t piece_bytes = shared_.spool_rules.piece_bytes;
  const std::size_t enough = ended_ ? 1 : piece_bytes;
  const bool is_full = message_->body.size() >= enough;
  if (is_full && !spool.writes() && spool.failure() == Reason::none) spool.write(message_->body);
  if (!spool.writes() && spool.failure() != Reason::none) return refuse(spool.failure());
  if (message_->body.size() < piece_bytes) open_windows();
  if (ended_ && !spool.writes()) session_.make_ready(*this);
}

// A piece has been written, or writing it failed.
void H2Stream::spooled() {
  if (life_ != Life::taken || !message_ || !message_->spool) return;
  spool_on();
  connection_.go_on_in_turn();
}

// What has arrived is taken: as much may follow.
void H2Stream::open_windows() {
  if (unopened_bytes_ == 0) return;
  session_.codec().consume(id_, std::exchange(unopened_bytes_, 0));
  connection_.schedule();
}

std::string_view H2Stream::take_body(std::size_t bytes_max) {
  const std::string_view octets = pending_->body.take(bytes_max);
  const std::size_t bytes = std::min(octets.size(), unopened_bytes_);
  unopened_bytes_ -= bytes;
  if (bytes != 0) session_.codec().consume(id_, bytes);
  connection_.schedule();
  if (pending_->body.awaited()) session_.bring_news(*this);
  return octets;
}

std::shared_ptr<const BodyFile> H2Stream::body_file() const {
  if (message_) return message_->file;
  return pending_ == nullptr ? nullptr : pending_->body_file();
}

std::string_view H2Stream::trailers() const {
  if (message_) return message_->trailers.view();
  return pending_ == nullptr ? std::string_view() : pending_->trailers().view();
}

void H2Stream::await_body() {
  body_deadline_ms_ = shared_.clock.now_ms() + shared_.config.rate_grace_ms;
  connection_.inspect_by(body_deadline_ms_);
}

// As H1Timer::earn().
void H2Stream::earn_credit(std::size_t bytes) {
  if (body_deadline_ms_ == TimerWheel::no_deadline_ms) return;
  const ServerConfig& config = shared_.config;
  body_deadline_ms_ =
      std::min(body_deadline_ms_ + bytes * 1000 / config.body_rate_bytes_per_second_min,
               shared_.clock.now_ms() + config.rate_credit_ms_max);
}

void H2Stream::say_continue() {
  if (!session_.codec().inform(id_, 100, {})) return session_.lack_memory();
  connection_.schedule();
}

// --- a WebSocket ---

// The stream asks for one (RFC 8441).
void H2Stream::begin_websocket(const RequestHead& head) {
  const Match match = shared_.routes.match_websocket(head, shared_.match_scratch);
  if (match.outcome != MatchOutcome::found) {
    const Reason reason = reason_of(match.outcome);
    if (reason != Reason::none) shared_.stats.count(reason);
    return answer(head, answer_unmatched(shared_, match));
  }
  const Reason reason = websocket_refusal(shared_, *this, head, *match.route);
  if (reason != Reason::none) return refuse(reason);
  // What has come already. Its octets count against the windows until they are read.
  websocket_->received(message_->body.view());
  message_->body.release();
  unopened_bytes_ = 0;
  if (ended_) websocket_->peer_finished();
  call(match.route->handler, head, {}, match);
}

WebSocketAccepted H2Stream::accept_websocket(const WebSocketAccept& accept,
                                             const WebSocketListener& listener) {
  CHECK(websocket_ && !websocket_->is_accepted() && !pending_->response_begun());
  const RequestHead& head = pending_->exchange().request();
  if (!accept.subprotocol.empty() && !websocket::offers_protocol(head, accept.subprotocol)) {
    shared_.stats.count(Reason::fault_websocket_protocol);
    return {.fault = AcceptFault::protocol};
  }
  websocket::DeflateTerms deflate = websocket::read_handshake(head).deflate;
  if (!shared_.websocket_rules.deflates) deflate = {};
  std::vector<FieldView> fields;
  Output extensions(shared_.blocks);
  if (deflate.agreed) {
    websocket::write_deflate_answer(extensions, deflate);
    fields.push_back({"sec-websocket-extensions", extensions.view()});
  }
  if (!accept.subprotocol.empty()) {
    fields.push_back({"sec-websocket-protocol", accept.subprotocol});
  }
  for (const FieldView& field : accept.fields) {
    if (websocket::is_handshake_field(field.name)) {
      shared_.stats.count(Reason::dropped_response_header);
    } else {
      fields.push_back(field);
    }
  }
  h2::ResponseList& list = shared_.h2_response;
  if (list.begin({.status = 200, .fields = fields}) != HeadFault::none) {
    return {.fault = AcceptFault::header};
  }
  if (!session_.codec().respond(id_, 200, list.fields(), true)) session_.lack_memory();
  const WebSocketConnection& socket = websocket_->accept(
      {.deflate = deflate,
       .message_bytes_max =
           accept.message_bytes_max.value_or(shared_.config.websocket_message_bytes_max)},
      listener);
  log(head, pending_->match().route, 200, 0, Reason::none);
  release_exchange();
  return {.socket = {shared_.websockets, socket.place()}, .topics = &shared_.topics};
}

// Frames were queued since the last call.
void H2Stream::note_frames() {
  if (body_.has_failed()) return session_.lack_memory();
  if (queued_bytes() == noted_bytes_) return;
  note_queued(queued_bytes() - noted_bytes_);
  session_.codec().resume(id_);
}

void H2Stream::end_websocket() {
  const Reason reason = websocket_->cut_reason();
  websocket_.reset();
  note_frames();
  if (reason != Reason::none) {
    shared_.tell(reason, this);
    drop_queued();
    reset(h2::ErrorCode::cancel);
  } else {
    out_ended_ = true;
    session_.codec().resume(id_);
    await_client();
    connection_.schedule();
  }
  connection_.recount();
}

void H2Stream::consume(std::size_t bytes) {
  session_.codec().consume(id_, bytes);
  connection_.schedule();
}

void H2Stream::bring_news() {
  session_.bring_news(*this);
}

void H2Stream::lack_memory() {
  session_.lack_memory();
}

// --- time, and the end ---

std::uint64_t H2Stream::deadline_ms() const {
  std::uint64_t next_ms = std::min(body_deadline_ms_, send_deadline_ms_);
  if (websocket_) next_ms = std::min(next_ms, websocket_->deadline_ms());
  if (pending_ != nullptr) next_ms = std::min(next_ms, pending_->deadline_ms);
  return next_ms;
}

void H2Stream::inspect(std::uint64_t seen_ms) {
  if (seen_ms >= body_deadline_ms_) {
    // The client is late only with octets for which there is room.
    if (unopened_bytes_ != 0) {
      await_body();
    } else if (pending_ != nullptr) {
      return refuse_streamed(Reason::refused_body_too_slow);
    } else {
      return refuse(Reason::refused_body_too_slow);
    }
  }
  if (seen_ms >= send_deadline_ms_) {
    send_deadline_ms_ = TimerWheel::no_deadline_ms;
    shared_.tell(Reason::cut_send_too_slow, this);
    reset(h2::ErrorCode::cancel);
    return drop(ExchangeEvent::cancelled, Reason::cut_send_too_slow);
  }
  if (pending_ != nullptr && seen_ms >= pending_->deadline_ms) time_out();
  if (websocket_) websocket_->inspect(seen_ms);
}

void H2Stream::peer_finished() {
  if (websocket_ && websocket_->is_accepted()) return websocket_->peer_finished();
  if (pending_ != nullptr) {
    if (!ended_ && reads_body_) return refuse_streamed(Reason::refused_body_truncated);
    pending_->note_peer_finished();
    return session_.bring_news(*this);
  }
  if (!ended_ && life_ != Life::answered) reset(h2::ErrorCode::cancel);
}

void H2Stream::closed(h2::ErrorCode code) {
  session_.codec().consume(id_, std::exchange(unopened_bytes_, 0));
  is_reset_ = true;
  const bool is_early = code != h2::ErrorCode::no_error;
  if (pending_ != nullptr && is_early) shared_.stats.count(Reason::lost_reset);
  drop(ExchangeEvent::peer_lost, Reason::lost_reset);
  session_.erase(*this);
}

void H2Stream::drop(ExchangeEvent event, Reason reason) {
  body_deadline_ms_ = send_deadline_ms_ = TimerWheel::no_deadline_ms;
  if (websocket_) websocket_->read();  // what has come before the end
  websocket_.reset();
  drop_queued();
  if (pending_ == nullptr) return;
  pending_->finish(event);
  const Exchange& exchange = pending_->exchange();
  log(exchange.request(), exchange.match().found_route(), pending_->response.status,
      written_.body_bytes(), reason);
  release_exchange();
}

}  // namespace pelton::http
