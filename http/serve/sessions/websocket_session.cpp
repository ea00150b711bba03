#include "http/serve/sessions/websocket_session.hpp"

#include <string_view>
#include <utility>

#include "http/serve/connection.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

WebSocketSession::WebSocketSession(Connection& connection, const WebSocketConnection::Terms& terms,
                                   const WebSocketListener& listener)
    : connection_(connection),
      socket_(connection.shared().websockets.emplace(
          connection.shared().websocket_parts, static_cast<WebSocketHost&>(*this), terms, listener,
          connection.shared().clock.now_ms())) {}

void WebSocketSession::drop() {
  Shared& shared = connection_.shared();
  socket_.lose();
  shared.topics.forget({shared.websockets, socket_.place()});
  shared.websockets.erase(socket_.place().slot);
  if (unread_) shared.take_back(std::move(unread_));
}

Shared& WebSocketSession::shared() {
  return connection_.shared();
}

Transport& WebSocketSession::transport() {
  return connection_.transport();
}

void WebSocketSession::begin(std::unique_ptr<IncomingMessage> unread) {
  unread_ = std::move(unread);
  if (shared().stopping) socket_.drain(shared().clock.now_ms());
}

void WebSocketSession::drain() {
  socket_.drain(shared().clock.now_ms());
  connection_.schedule();
}

// --- octets in ---

void WebSocketSession::received(std::span<char> octets) {
  if (unread_) return keep_unread(octets);
  const std::size_t read = socket_.receive(octets, shared().clock.now_ms());
  connection_.schedule();
  if (read != octets.size() && !socket_.over()) keep_unread(octets.subspan(read));
}

void WebSocketSession::keep_unread(std::span<const char> octets) {
  if (!unread_) {
    unread_ = shared().lend_message();
    unread_->phase = IncomingMessage::Phase::backlog;
  }
  if (unread_->octets.append({octets.data(), octets.size()})) return;
  transport().sender().output().fail();
  connection_.schedule();
}

// The first `left_bytes` octets of a backlog have been read. They stay where they are: to move the
// rest to the front would cost more than it saves.
void WebSocketSession::read_unread() {
  IncomingMessage& backlog = *unread_;
  const std::span<char> octets{backlog.octets.data(), backlog.octets.size()};
  backlog.left_bytes +=
      socket_.receive(octets.subspan(backlog.left_bytes), shared().clock.now_ms());
  if (backlog.left_bytes == octets.size() || socket_.over()) shared().take_back(std::move(unread_));
}

void WebSocketSession::peer_finished() {
  // Octets that wait unread came before these.
  if (!unread_) lose();
  connection_.schedule();
}

// Reads the octets that wait, then resumes receiving.
void WebSocketSession::resume() {
  if (unread_ && !socket_.paused()) read_unread();
  if (socket_.over() || socket_.paused()) return;
  transport().receiver().resume();
  if (transport().receiver().peer_finished()) return lose();
  connection_.read_on();
}

// The peer's FIN came without a Close.
void WebSocketSession::lose() {
  shared().stats.count(Reason::closed_by_peer);
  socket_.lose();
}

// --- octets out ---

void WebSocketSession::sent() {
  socket_.sent(shared().clock.now_ms());
  connection_.inspect_by(socket_.deadline_ms());
}

Output& WebSocketSession::websocket_output() {
  return transport().sender().output();
}

std::size_t WebSocketSession::websocket_queued_bytes() const {
  return connection_.transport().sender().queued_bytes();
}

void WebSocketSession::websocket_changed() {
  connection_.schedule();
}

// --- the end of a turn ---

void WebSocketSession::settle() {
  const std::uint64_t now_ms = shared().clock.now_ms();
  socket_.settle(now_ms);
  const bool goes_on =
      transport().receiver().is_paused() || unread_ || transport().receiver().peer_finished();
  if (goes_on && !socket_.over() && !socket_.paused()) {
    resume();
    // Handlers may still answer the messages that came before the fault.
    if (socket_.refused()) socket_.put_off_refusal(now_ms + 1);
    socket_.tell_news(now_ms);
  }
  if (socket_.over()) return;
  if (socket_.refused()) connection_.inspect_by(now_ms + 1);
  if (socket_.paused() && !transport().receiver().is_paused()) connection_.pause_reading();
  connection_.inspect_by(socket_.deadline_ms());
  // An owner that sends more than the client takes learns of room by a completion.
  if (socket_.awaits_room() && transport().sender().can_send()) connection_.begin_send();
}

void WebSocketSession::inspect(std::uint64_t seen_ms) {
  socket_.inspect(seen_ms);
  if (socket_.over() || socket_.refused()) connection_.schedule();
}

}  // namespace pelton::http
