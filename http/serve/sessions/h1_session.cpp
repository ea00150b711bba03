#include "http/serve/sessions/h1_session.hpp"

#include <algorithm>
#include <array>

#include "core/check.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/own_answer.hpp"
#include "http/serve/shared.hpp"
#include "http/serve/websocket_admission.hpp"
#include "http/websocket/handshake.hpp"

namespace pelton::http {

using Phase = IncomingMessage::Phase;

void H1Session::begin() {
  wait_for(Wait::header, shared_.config.header_timeout_ms);
}

void H1Session::finish() {
  life_ = Life::over;
  transport().finish();
}

void H1Session::end() {
  CHECK(exchange_ == nullptr);
  life_ = Life::over;
  waiting_ = Wait::nothing;
  if (reader_.message() != nullptr) reader_.drop();
}

const Endpoints& H1Session::endpoints() {
  return connection_.endpoints();
}

bool H1Session::is_secure() const {
  return connection_.is_secure();
}

const TlsFacts* H1Session::tls() const {
  return connection_.tls();
}

const RequestOrigin* H1Session::forwarded(const RequestHead& head) {
  return connection_.forwarded(request_count_, head);
}

// --- octets in, and the peer's FIN ---

void H1Session::received(std::string_view octets) {
  if (life_ == Life::handling) return received_while_handling(octets);
  // Octets after the request that ended the connection are discarded (H1-083).
  if (life_ != Life::open) {
    peer_sent_all_ = false;
    return;
  }
  // These octets may have been on their way when reading paused: they belong to the message that
  // had begun, or to a later one.
  if (reader_.reads()) octets = reader_.resume(octets);
  if (octets.empty()) return;
  if (reads_messages()) {
    received_plain(octets);
  } else {
    keep_backlog(octets);
  }
}

// Keeps octets that must wait because output is backed up or a handler has not answered.
void H1Session::keep_backlog(std::string_view octets) {
  if (life_ == Life::handling) return received_while_handling(octets);
  if (life_ != Life::open) {
    peer_sent_all_ = false;
    return;
  }
  CHECK(transport().reading_paused());
  if (!reader_.keep_unread(octets)) return lack_memory();
  if (reader_.backlog_is_full()) transport().cancel_receive();
}

void H1Session::peer_finished() {
  if (life_ == Life::handling) {
    if (reader_.streams_body()) return reader_.refuse_streamed(Reason::refused_body_truncated);
    note_peer_finished();
    connection_.inspect_by(shared_.clock.now_ms() + Connection::peer_look_ms);
    connection_.schedule();
    return;
  }
  if (life_ == Life::open && !transport().reading_paused()) {
    const Reason reason = reader_.truncation();
    if (reason == Reason::refused_head_truncated || reason == Reason::refused_body_truncated) {
      refuse(reason, reader_.method());
    } else {
      shared_.stats.count(reason);
      finish();
    }
  }
  connection_.finish_if_flushed();
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

std::shared_ptr<const BodyFile> H1Session::body_file() const {
  const Shared::Served& served = shared_.served;
  if (served.session == this && *served.message) return (*served.message)->file;
  return exchange_ == nullptr ? nullptr : exchange_->pending().body_file();
}

std::string_view H1Session::trailers() const {
  const Shared::Served& served = shared_.served;
  if (served.session == this && *served.message) return (*served.message)->trailers.view();
  return exchange_ == nullptr ? std::string_view() : exchange_->pending().trailers().view();
}

// --- pipelined requests ---

// True if the next pipelined request may begin now. If not, the connection has joined the queue for
// a turn (ENG-016).
[[gnu::noinline]] bool H1Session::begins_more() {
  if (!slice_.is_over(shared_.turn, shared_.served_since_ns, shared_.clock)) return true;
  connection_.go_on_in_turn();
  return false;
}

// Begins the next slice of the requests that wait in the backlog.
void H1Session::go_on() {
  const bool has_backlog =
      life_ == Life::open && transport().reading_paused() && reader_.is_in(Phase::backlog);
  // With too much output queued, resume_input() does it once the output has left.
  if (!has_backlog || transport().queued_bytes() > shared_.config.send_queue_bytes_high) return;
  transport().resume_reading();
  // Taken out of the reader first: the requests in it may begin a message there, or pause reading.
  std::unique_ptr<IncomingMessage> backlog = reader_.take();
  const std::size_t left_bytes = consume(backlog->unread()).size();
  const bool keeps = life_ == Life::open || (life_ == Life::handling && !ends_after_response());
  if (left_bytes == 0 || !keeps) {
    if (left_bytes != 0) peer_sent_all_ = false;
    shared_.take_back(std::move(backlog));
  } else {
    CHECK(reader_.message() == nullptr);
    backlog->keep_unread(left_bytes, shared_.config.pipeline_requests_max);
    reader_.put_back(std::move(backlog));
    if (life_ == Life::handling && reader_.backlog_is_full()) connection_.pause_reading();
  }
  connection_.recount();
  // The backlog may have held only the empty line after a request (H1-003).
  const bool is_idle =
      life_ == Life::open && transport().queued_bytes() == 0 && reader_.is_between_messages();
  if (is_idle && waiting_ == Wait::nothing) {
    wait_for(Wait::keep_alive, shared_.idle_ms);
  }
  if (life_ == Life::open && transport().peer_finished() && !transport().reading_paused())
    peer_finished();
  connection_.read_on();
}

// --- reading, and room to send ---

void H1Session::resume_input() {
  // Reading is paused while requests wait for the handler, or by the owner of a WebSocket.
  if (life_ == Life::handling || life_ == Life::upgraded) return;
  if (reader_.message() != nullptr && reader_.message()->spool)
    return;  // paused because the disk is slower than the client
  if (reader_.is_in(IncomingMessage::Phase::backlog)) return connection_.go_on_in_turn();
  transport().resume_reading();
  connection_.recount();
  if (life_ == Life::open && transport().peer_finished()) peer_finished();
  connection_.read_on();
}

// The handler that waits for room is called at the end of the turn.
void H1Session::note_room() {
  if (exchange_ == nullptr) return;
  exchange_->pending().note_room();
  connection_.schedule();
}

void H1Session::note_peer_finished() {
  if (exchange_ == nullptr) return;
  exchange_->pending().note_peer_finished();
  connection_.schedule();
}

void H1Session::settle() {
  if (life_ == Life::handling) settle_pending();
}

bool H1Session::may_begin_request() const {
  return life_ == Life::open && !connection_.transport().reading_paused() &&
         (reader_.message() == nullptr || reader_.is_in(Phase::head));
}

// --- time ---

void H1Session::earn_credit(std::size_t bytes) {
  const ServerConfig& config = shared_.config;
  wait_deadline_ms_ =
      std::min(wait_deadline_ms_ + bytes * 1000 / config.body_rate_bytes_per_second_min,
               shared_.clock.now_ms() + config.rate_credit_ms_max);
}

std::uint64_t H1Session::credit_ms() const {
  const std::uint64_t now_ms = shared_.clock.now_ms();
  return wait_deadline_ms_ > now_ms ? wait_deadline_ms_ - now_ms : 0;
}

void H1Session::note_begin() {
  began_ns_ = shared_.clock.now_ns();
}

void H1Session::note_begin_if_unknown() {
  if (began_ns_ == 0) note_begin();
}

void H1Session::inspect(std::uint64_t seen_ms) {
  if (waiting_ != Wait::nothing && seen_ms >= wait_deadline_ms_) {
    if (transport().hears() || !transport().may_receive()) {
      expire();
    } else {
      // Without a receive buffer nobody has looked at what the client sent in time (CON-010).
      wait_deadline_ms_ = shared_.clock.now_ms() + TimerWheel::tick_ms;
    }
  }
  if (exchange_ != nullptr && seen_ms >= exchange_->pending().deadline_ms) time_out();
}

std::uint64_t H1Session::deadline_ms() const {
  std::uint64_t next_ms = TimerWheel::no_deadline_ms;
  if (waiting_ != Wait::nothing) next_ms = wait_deadline_ms_;
  return exchange_ == nullptr ? next_ms : std::min(next_ms, exchange_->pending().deadline_ms);
}

void H1Session::expire() {
  const Wait what = waiting_;
  waiting_ = Wait::nothing;
  Stats& stats = shared_.stats;
  switch (what) {
    case Wait::nothing:
      return;
    case Wait::header:
      if (reader_.message() != nullptr && reader_.message()->parser.started()) {
        refuse(Reason::refused_header_timeout, reader_.method());
      } else if (connection_.lacks_proxy_header()) {
        connection_.cut(Reason::cut_proxy_header);
      } else {
        stats.count(Reason::closed_no_request);
        connection_.begin_close();
      }
      return;
    case Wait::body:
      if (reader_.streams_body()) return reader_.refuse_streamed(Reason::refused_body_too_slow);
      refuse(Reason::refused_body_too_slow, reader_.method());
      return;
    case Wait::drain_body:
      stats.count(Reason::closed_body_not_drained);
      reader_.drop();
      finish();
      connection_.finish_if_flushed();
      return;
    case Wait::keep_alive:
    case Wait::drain:
      stats.count(Reason::closed_keep_alive);
      connection_.begin_close();
      return;
  }
}

std::uint64_t H1Session::idle_since_ms() const {
  const bool idle =
      life_ == Life::open && waiting_ == Wait::keep_alive && reader_.is_between_messages();
  return idle ? wait_deadline_ms_ - shared_.idle_ms : TimerWheel::no_deadline_ms;
}

void H1Session::drain() {
  if (exchange_ != nullptr && !ends_after_response()) {
    // This answer may be the last one, but requests that have arrived are served first (PRC-012).
    end_after_response();
    ends_once_read_ = true;
  }
  if (life_ != Life::open || !reader_.is_between_messages() || transport().queued_bytes() != 0)
    return;
  wait_for(Wait::drain, shared_.idle_ms);
}

// --- requests that are turned away, and WebSockets ---

// True if the request was answered 503. The connection goes on: the shortage will pass (RSP-026).
bool H1Session::shed(const RequestHead& head, std::string_view rest) {
  const Reason reason = shared_.shed_reason();
  if (reason == Reason::none) return false;
  shared_.tell(reason, this);
  answer_whole(head, answer_shed(shared_, reason), persistence_with_unread(head, rest));
  return true;
}

// True if the request was answered because of its host (H1-043) or scheme, or by a middleware.
bool H1Session::begin_at_once(RequestHead& head, std::string_view rest) {
  const std::optional<OwnAnswer> answer = answer_at_once(shared_, *this, head);
  if (!answer) return false;
  if (answer->reason != Reason::none) shared_.stats.count(answer->reason);
  answer_whole(head, *answer, persistence_with_unread(head, rest));
  return true;
}

// True if the request was answered here, or asks for a WebSocket and was handled as such.
bool H1Session::begin_rarely(RequestHead& head, std::string_view rest) {
  if (shared_.answers_at_once && begin_at_once(head, rest)) return true;
  if (shared_.may_shed && shed(head, rest)) return true;
  return head.has_upgrade && upgrade(head);
}

// False if the request is to be answered like any other one (H1-073).
bool H1Session::upgrade(const RequestHead& head) {
  if (!websocket::asks_for_websocket(head)) return false;
  const Match match = shared_.routes.match_websocket(head, shared_.match_scratch);
  if (match.outcome != MatchOutcome::found) return false;
  const RouteSettings& route = *match.route;
  // A refused handshake ends the connection, also during a stop (H1-074).
  ends_once_read_ = false;
  const Reason reason = websocket_refusal(shared_, *this, head, route);
  if (reason != Reason::none) {
    write_refusal(head, reason);
    conclude(Persistence::close);
    return true;
  }
  call(route.handler, head, {}, match, Persistence::close);
  if (life_ != Life::handling) shared_.stats.count(Reason::closed_upgrade_refused);
  return true;
}

}  // namespace pelton::http
