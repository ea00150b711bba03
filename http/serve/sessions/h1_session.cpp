#include "http/serve/sessions/h1_session.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/shared.hpp"
#include "http/serve/websocket_admission.hpp"
#include "http/websocket/handshake.hpp"

namespace pelton::http {

using Phase = IncomingMessage::Phase;

void H1Session::begin() {
  wait_for(Wait::header, shared_.config.header_timeout_ms);
}

void H1Session::step_aside() {
  life_ = Life::upgraded;
  timer_.stop();
}

void H1Session::finish() {
  life_ = Life::over;
  transport().finish();
}

void H1Session::end() {
  CHECK(!host_.has_exchange());
  life_ = Life::over;
  timer_.stop();
  if (reader_.message() != nullptr) reader_.drop();
}

// --- octets in, and the peer's FIN ---

void H1Session::received(std::string_view octets) {
  if (life_ == Life::handling) return received_while_handling(octets);
  // Octets after the request that ended the connection are discarded (H1-083).
  if (life_ != Life::open) {
    keep_alive_.note_peer_sent_all(false);
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
    keep_alive_.note_peer_sent_all(false);
    return;
  }
  CHECK(transport().receiver().is_paused());
  if (!reader_.keep_unread(octets)) return lack_memory();
  if (reader_.backlog_is_full()) transport().receiver().cancel();
}

void H1Session::peer_finished() {
  if (life_ == Life::handling) {
    if (reader_.streams_body()) return reader_.refuse_streamed(Reason::refused_body_truncated);
    host_.note_peer_finished();
    connection_.inspect_by(shared_.clock.now_ms() + Connection::peer_look_ms);
    connection_.schedule();
    return;
  }
  if (life_ == Life::open && !transport().receiver().is_paused()) {
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

// --- pipelined requests ---

void H1Session::received_while_handling(std::string_view octets) {
  if (reader_.reads()) octets = reader_.resume(octets);
  // Octets after the request that ends the connection are discarded (H1-083).
  if (octets.empty()) return;
  keep_alive_.note_peer_sent_all(false);
  if (host_.ends_after_response()) return;
  if (!reader_.keep_unread(octets)) return lack_memory();
  if (reader_.backlog_is_full() && !transport().receiver().is_paused()) connection_.pause_reading();
}

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
      life_ == Life::open && transport().receiver().is_paused() && reader_.is_in(Phase::backlog);
  // With too much output queued, resume_input() does it once the output has left.
  if (!has_backlog || transport().sender().queued_bytes() > shared_.config.send_queue_bytes_high)
    return;
  transport().receiver().resume();
  // Taken out of the reader first: the requests in it may begin a message there, or pause reading.
  std::unique_ptr<IncomingMessage> backlog = reader_.take();
  const std::size_t left_bytes = consume(backlog->unread()).size();
  const bool keeps =
      life_ == Life::open || (life_ == Life::handling && !host_.ends_after_response());
  if (left_bytes == 0 || !keeps) {
    if (left_bytes != 0) keep_alive_.note_peer_sent_all(false);
    shared_.take_back(std::move(backlog));
  } else {
    CHECK(reader_.message() == nullptr);
    backlog->keep_unread(left_bytes, shared_.config.pipeline_requests_max);
    reader_.put_back(std::move(backlog));
    if (life_ == Life::handling && reader_.backlog_is_full()) connection_.pause_reading();
  }
  connection_.recount();
  // The backlog may have held only the empty line after a request (H1-003).
  const bool is_idle = life_ == Life::open && transport().sender().queued_bytes() == 0 &&
                       reader_.is_between_messages();
  if (is_idle && timer_.waits_for(Wait::nothing)) {
    wait_for(Wait::keep_alive, shared_.idle_ms);
  }
  if (life_ == Life::open && transport().receiver().peer_finished() &&
      !transport().receiver().is_paused())
    peer_finished();
  connection_.read_on();
}

// --- responses that are queued, and the end ---

void H1Session::begin_handling() {
  CHECK(life_ == Life::open);
  life_ = Life::handling;
}

void H1Session::end_handling() {
  if (life_ != Life::handling) return;
  if (connection_.sessions().has_websocket()) {
    life_ = Life::upgraded;
    return connection_.sessions().begin_websocket(reader_.take());
  }
  if (host_.cut_after() != Reason::none) return connection_.cut(host_.cut_after());
  life_ = Life::open;
  conclude(host_.persistence_after());
  if (transport().finishing()) {
    if (reader_.message() != nullptr) reader_.drop();
    return connection_.finish_if_flushed();
  }
  if (reader_.reads()) {
    // The unread body is drained after its response (CON-006).
    wait_for(Wait::drain_body, shared_.config.drain_body_timeout_ms);
    return resume_input();
  }
  if (transport().sender().queued_bytes() > shared_.config.send_queue_bytes_high)
    return;  // reading resumes once the output is sent
  if (transport().sender().queued_bytes() == 0) wait_for(Wait::keep_alive, shared_.idle_ms);
  resume_input();
}

// The handler has suspended the exchange, failed or not responded, or exchanges are logged.
void H1Session::settle_rarely(Exchange& exchange, Outcome outcome) {
  CHECK(exchange.suspended() == (outcome == Outcome::pending));
  if (outcome != Outcome::pending) conclude(answers().settle(exchange, outcome));
}

[[gnu::noinline]] Persistence H1Session::persistence_of_last(const RequestHead& head) {
  return keep_alive_.after(shared_, head);
}

[[gnu::noinline]] Persistence H1Session::end_wanted() {
  return keep_alive_.end();
}

[[gnu::noinline]] void H1Session::conclude_last() {
  if (keep_alive_.ends_once_read()) {
    if (transport().sender().queued_bytes() > shared_.config.send_queue_bytes_high)
      connection_.pause_reading();
    return transport().receiver().cancel();
  }
  if (keep_alive_.request_count() >= shared_.config.requests_per_connection_max) {
    shared_.stats.count(Reason::closed_request_count);
  }
  finish();
}

void H1Session::refuse(Reason reason, Method method) {
  RequestHead head = reader_.known_head();
  head.method = method;
  const Persistence end = answers().refuse(head, reason);
  timer_.stop();
  conclude(end);
  if (reader_.message() != nullptr) reader_.drop();
  connection_.finish_if_flushed();
}

void H1Session::lack_memory() {
  output().fail();
  if (life_ == Life::open) finish();
  connection_.schedule();
}

// --- reading ---

void H1Session::resume_input() {
  // Reading is paused while requests wait for the handler, or by the owner of a WebSocket.
  if (life_ == Life::handling || life_ == Life::upgraded) return;
  if (reader_.message() != nullptr && reader_.message()->spool)
    return;  // paused because the disk is slower than the client
  if (reader_.is_in(IncomingMessage::Phase::backlog)) return connection_.go_on_in_turn();
  transport().receiver().resume();
  connection_.recount();
  if (life_ == Life::open && transport().receiver().peer_finished()) peer_finished();
  connection_.read_on();
}

bool H1Session::may_begin_request() const {
  return life_ == Life::open && !connection_.transport().receiver().is_paused() &&
         (reader_.message() == nullptr || reader_.is_in(Phase::head));
}

// --- time ---

void H1Session::inspect(std::uint64_t seen_ms) {
  if (timer_.is_overdue(seen_ms)) {
    if (transport().receiver().hears() || !transport().receiver().may_be_armed()) {
      expire();
    } else {
      // Without a receive buffer nobody has looked at what the client sent in time (CON-010).
      timer_.put_off(shared_.clock.now_ms() + TimerWheel::tick_ms);
    }
  }
  host_.inspect(seen_ms);
}

std::uint64_t H1Session::deadline_ms() const {
  return std::min(timer_.deadline_ms(), host_.deadline_ms());
}

void H1Session::expire() {
  const Wait what = timer_.waiting();
  timer_.stop();
  Stats& stats = shared_.stats;
  switch (what) {
    case Wait::nothing:
      return;
    case Wait::header:
      if (reader_.message() != nullptr && reader_.message()->parser.started()) {
        refuse(Reason::refused_header_timeout, reader_.method());
      } else if (connection_.origin().lacks_proxy_header()) {
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
      life_ == Life::open && timer_.waits_for(Wait::keep_alive) && reader_.is_between_messages();
  return idle ? timer_.until_ms() - shared_.idle_ms : TimerWheel::no_deadline_ms;
}

void H1Session::drain() {
  if (host_.has_exchange() && !host_.ends_after_response()) {
    // This answer may be the last one, but requests that have arrived are served first (PRC-012).
    host_.end_after_response();
    keep_alive_.end_once_read();
  }
  if (life_ != Life::open || !reader_.is_between_messages() ||
      transport().sender().queued_bytes() != 0)
    return;
  wait_for(Wait::drain, shared_.idle_ms);
}

// --- requests that take another road ---

// True if the request was answered here, or asks for a WebSocket and was handled as such.
bool H1Session::begin_rarely(RequestHead& head, std::string_view rest) {
  if (shared_.answers_at_once && answers().answer_at_once(head, rest)) return true;
  if (shared_.may_shed && answers().shed(head, rest)) return true;
  return head.has_upgrade && upgrade(head);
}

// False if the request is to be answered like any other one (H1-073).
bool H1Session::upgrade(const RequestHead& head) {
  if (!websocket::asks_for_websocket(head)) return false;
  const Match match = shared_.routes.match_websocket(head, shared_.match_scratch);
  if (match.outcome != MatchOutcome::found) return false;
  const RouteSettings& route = *match.route;
  // A refused handshake ends the connection, also during a stop (H1-074).
  const Persistence end = keep_alive_.end();
  const Reason reason = websocket_refusal(shared_, host_, head, route);
  if (reason != Reason::none) {
    conclude(answers().refuse(head, reason));
    return true;
  }
  call(route.handler, head, {}, match, end);
  if (life_ != Life::handling) shared_.stats.count(Reason::closed_upgrade_refused);
  return true;
}

}  // namespace pelton::http
