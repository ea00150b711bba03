#include "http/serve/sessions/h2_websocket.hpp"

#include <span>
#include <utility>

#include "http/serve/connection.hpp"
#include "http/serve/sessions/h2_stream.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

H2WebSocket::H2WebSocket(H2Stream& stream, Connection& connection)
    : stream_(stream),
      connection_(connection),
      shared_(connection.shared()),
      unread_(connection.shared().blocks) {}

H2WebSocket::~H2WebSocket() {
  if (!unread_.empty()) stream_.consume(unread_.size() - read_bytes_);
  if (!is_accepted()) return;
  socket_->lose();
  shared_.topics.forget({shared_.websockets, socket_->place()});
  shared_.websockets.erase(socket_->place().slot);
}

const WebSocketConnection& H2WebSocket::accept(const WebSocketConnection::Terms& terms,
                                               const WebSocketListener& listener) {
  socket_ = &shared_.websockets.emplace(shared_.websocket_parts, static_cast<WebSocketHost&>(*this),
                                        terms, listener, shared_.clock.now_ms());
  connection_.inspect_by(socket_->deadline_ms());
  websocket_changed();
  return *socket_;
}

// --- octets in ---

void H2WebSocket::received(std::string_view octets) {
  if (!unread_.append(octets)) stream_.lack_memory();
}

// What is not read keeps the stream's window narrow.
void H2WebSocket::read() {
  if (!is_accepted() || unread_.empty() || socket_->over()) return;
  const std::span<char> octets{unread_.data(), unread_.size()};
  const std::size_t read = socket_->receive(octets.subspan(read_bytes_), shared_.clock.now_ms());
  read_bytes_ += read;
  stream_.consume(read);
  if (read_bytes_ == unread_.size()) {
    unread_.release();
    read_bytes_ = 0;
  }
  websocket_changed();
}

void H2WebSocket::peer_finished() {
  peer_finished_ = true;
  if (is_accepted() && !unread_.empty()) socket_->note_peer_finished();
  websocket_changed();
}

// --- the end of a turn, and time ---

void H2WebSocket::settle() {
  if (!is_accepted()) return;
  const std::uint64_t now_ms = shared_.clock.now_ms();
  if (shared_.stopping && !std::exchange(told_of_stop_, true)) socket_->drain(now_ms);
  socket_->settle(now_ms);
  if (!unread_.empty() && !socket_->paused()) {
    read();
    // Handlers may still answer the messages that came before a fault.
    if (socket_->refused()) socket_->put_off_refusal(now_ms + 1);
    socket_->tell_news(now_ms);
  }
  if (peer_finished_ && unread_.empty() && !socket_->over()) {
    shared_.stats.count(Reason::closed_by_peer);
    socket_->lose();
  }
  if (socket_->refused()) connection_.inspect_by(now_ms + 1);
  connection_.inspect_by(socket_->deadline_ms());
}

void H2WebSocket::inspect(std::uint64_t seen_ms) {
  if (!is_accepted()) return;
  socket_->inspect(seen_ms);
  if (socket_->over() || socket_->refused()) websocket_changed();
}

// --- octets out ---

void H2WebSocket::begin_sending() {
  if (is_accepted()) socket_->begin_sending();
}

void H2WebSocket::sent() {
  if (!is_accepted()) return;
  socket_->sent(shared_.clock.now_ms());
  connection_.inspect_by(socket_->deadline_ms());
}

Output& H2WebSocket::websocket_output() {
  return stream_.output();
}

std::size_t H2WebSocket::websocket_queued_bytes() const {
  return stream_.queued_bytes();
}

void H2WebSocket::websocket_changed() {
  stream_.bring_news();
}

}  // namespace pelton::http
