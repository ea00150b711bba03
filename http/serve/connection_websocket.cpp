// The upgraded half of a connection: a handshake becomes a WebSocket, octets go to it and its
// frames leave, until it is over and the connection ends behind what it has queued.
#include <array>

#include "core/check.hpp"
#include "http/serve/connection.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/shared.hpp"
#include "http/websocket/handshake.hpp"
#include "http/websocket/switch_head.hpp"

namespace pelton::http {

using h1::Persistence;
using Phase = ParkedMessage::Phase;

namespace {

constexpr std::size_t date_bytes = 29;  // RFC 9110 section 5.6.7

}  // namespace

// --- the handshake ---

// False if the request is one like any other (H1-073).
bool Connection::upgrade(const RequestHead& head) {
  if (!websocket::asks_for_websocket(head)) return false;
  const Match match = shared_.routes.match_websocket(head, shared_.match_scratch);
  if (match.outcome != MatchOutcome::found) return false;
  const RouteSettings& route = *match.route;
  // Refused, it ends the connection whatever a stop wants of it (H1-074).
  ended_by_stop_ = false;
  Reason reason = websocket::read_handshake(head).reason;
  if (reason == Reason::none && !route.websocket_any_origin) {
    const bool passes = websocket::origin_passes(head, route.websocket_lists_origins
                                                           ? route.websocket_origins
                                                           : shared_.websocket_rules.origins);
    if (!passes) reason = Reason::refused_websocket_origin;
  }
  if (reason != Reason::none) {
    write_refusal(head, reason);
    conclude(Persistence::close);
    return true;
  }
  call(route.handler, head, {}, match, Persistence::close);
  if (life_ != Life::handling) shared_.stats.count(Reason::closed_upgrade_refused);
  return true;
}

// An exchange that may still become a WebSocket: what comes behind it is not discarded (WS-006).
bool Connection::awaits_upgrade() const {
  return kept_ != nullptr && kept_->match().route != nullptr && kept_->match().route->is_websocket;
}

WebSocketAccepted Connection::accept_websocket(const WebSocketAccept& accept,
                                               const WebSocketListener& listener) {
  CHECK(awaits_upgrade() && !kept_->response_begun());
  const RequestHead& head = kept_->exchange().request();
  const RouteSettings& route = *kept_->match().route;
  if (!accept.subprotocol.empty() && !websocket::offers_protocol(head, accept.subprotocol)) {
    shared_.stats.count(Reason::fault_websocket_protocol);
    return {.fault = AcceptFault::protocol};
  }
  websocket::Handshake handshake = websocket::read_handshake(head);
  if (!shared_.websocket_rules.deflates) handshake.deflate = {};
  std::array<char, date_bytes> date;
  shared_.response_blocks.copy_date(date.data());
  if (!websocket::write_switch_head(output(),
                                    {.key = handshake.key,
                                     .protocol = accept.subprotocol,
                                     .deflate = handshake.deflate,
                                     .date = {date.data(), date.size()},
                                     .fields = accept.fields},
                                    shared_.stats)) {
    return {.fault = AcceptFault::header};
  }
  socket_ = &shared_.websockets.emplace(
      shared_.websocket_parts, static_cast<WebSocketHost&>(*this),
      WebSocketConnection::Terms{.deflate = handshake.deflate,
                                 .message_bytes_max = accept.message_bytes_max.value_or(
                                     shared_.config.websocket_message_bytes_max)},
      listener, shared_.clock.now_ms());
  if (shared_.access_log != nullptr) {
    log_exchange(head, &route, {.status = 101, .body_bytes = 0}, Reason::none);
  }
  answered(Persistence::close);
  return {.socket = {shared_.websockets, socket_->place()}, .topics = &shared_.topics};
}

// What came behind the handshake is read as what waits for a pause to end.
void Connection::begin_websocket() {
  life_ = Life::upgraded;
  if (shared_.stopping) socket_->drain(shared_.clock.now_ms());
}

// --- octets in ---

void Connection::received_upgraded(std::span<char> octets) {
  if (parked_) {
    if (!parked_->octets.append({octets.data(), octets.size()})) lack_memory();
    return;
  }
  const std::size_t read = socket_->receive(octets, shared_.clock.now_ms());
  shared_.schedule(*this);
  if (read == octets.size() || socket_->over()) return;
  const std::string_view rest{octets.data() + read, octets.size() - read};
  if (!park(Phase::backlog).octets.append(rest)) lack_memory();
}

// Of a backlog `left_bytes` have been read already: they are not moved out of the way, which would
// cost more than the rest is worth.
void Connection::read_backlog() {
  ParkedMessage& backlog = *parked_;
  const std::span<char> octets{backlog.octets.data(), backlog.octets.size()};
  backlog.left_bytes +=
      socket_->receive(octets.subspan(backlog.left_bytes), shared_.clock.now_ms());
  if (backlog.left_bytes == octets.size() || socket_->over()) unpark();
}

// Goes on with what waits unread, then with what is still to come.
void Connection::resume_websocket() {
  if (parked_ && !socket_->paused()) read_backlog();
  if (socket_->over() || socket_->paused()) return;
  transport_.resume_reading();
  if (transport_.peer_finished()) return lose_websocket();
  if (!transport_.receives() && transport_.may_receive()) receive_more();
}

// The peer's FIN came without a Close.
void Connection::lose_websocket() {
  shared_.stats.count(Reason::closed_by_peer);
  socket_->lose();
}

// --- the end of a turn ---

void Connection::settle_websocket() {
  const std::uint64_t now_ms = shared_.clock.now_ms();
  socket_->settle(now_ms);
  const bool goes_on = transport_.reading_paused() || parked_ || transport_.peer_finished();
  if (goes_on && !socket_->over() && !socket_->paused()) {
    resume_websocket();
    // The handlers have yet to have their turn with what came ahead of it.
    if (socket_->refused()) socket_->put_off_refusal(now_ms + 1);
    socket_->tell_news(now_ms);
  }
  if (socket_->over()) return end_websocket();
  if (socket_->refused()) inspect_by(now_ms + 1);
  if (socket_->paused() && !transport_.reading_paused()) pause_input();
  inspect_by(socket_->deadline_ms());
  // As in settle_kept(): who sends more than the peer takes hears of the room by a completion.
  const bool handed_over = transport_.sends() || output().empty();
  if (socket_->awaits_room() && !handed_over) begin_send();
}

void Connection::end_websocket() {
  const Reason cut_reason = socket_->cut_reason();
  if (cut_reason == Reason::cut_websocket_close_timeout) {
    // Everything is with the kernel, and a reset would destroy what a slow peer has yet to read.
    shared_.tell(cut_reason, this);
    drop_websocket();
    return begin_close();
  }
  if (cut_reason != Reason::none) return cut(cut_reason);
  drop_websocket();
  finish();
  if (parked_) unpark();
  finish_if_flushed();
}

void Connection::drop_websocket() {
  socket_->lose();
  shared_.topics.forget({shared_.websockets, socket_->place()});
  shared_.websockets.erase(socket_->place().slot);
  socket_ = nullptr;
}

// --- what the WebSocket asks of its connection ---

Output& Connection::websocket_output() {
  return output();
}

std::size_t Connection::websocket_queued_bytes() const {
  return transport_.queued_bytes();
}

void Connection::websocket_changed() {
  shared_.schedule(*this);
}

}  // namespace pelton::http
