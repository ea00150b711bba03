// A WebSocket over a transport: octets that arrive become messages, messages leave as frames, and
// once the WebSocket is over the connection ends after the queued octets. It replaces the HTTP/1.1
// session that accepted the handshake.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/memory/output.hpp"
#include "http/serve/incoming_message.hpp"
#include "http/serve/websocket_connection.hpp"

namespace pelton::http {

class Connection;
struct Shared;
class Transport;

class WebSocketSession final : public WebSocketHost {
 public:
  // The WebSocket was accepted, and the response to its handshake is queued.
  WebSocketSession(Connection& connection, const WebSocketConnection::Terms& terms,
                   const WebSocketListener& listener);
  WebSocketSession(const WebSocketSession&) = delete;
  WebSocketSession& operator=(const WebSocketSession&) = delete;
  // The connection ends: the owner is told now at the latest. The last call.
  void drop();

  const WebSocketConnection& socket() const { return socket_; }

  // The handshake is over. `unread` (a backlog, or null) holds octets that came after it.
  void begin(std::unique_ptr<IncomingMessage> unread);
  void received(std::span<char> octets);
  // The peer's FIN.
  void peer_finished();
  void note_peer_finished() { socket_.note_peer_finished(); }
  // The queued octets are handed to the engine; and, later, they have left.
  void begin_sending() { socket_.begin_sending(); }
  void sent();
  // Called at the end of a turn for which it was scheduled. If socket() is over then, the
  // connection ends.
  void settle();
  void inspect(std::uint64_t seen_ms);
  std::uint64_t deadline_ms() const { return socket_.deadline_ms(); }
  bool awaits_room() const { return socket_.awaits_room(); }
  // A stop has begun.
  void drain();
  // Octets wait unread.
  bool has_unread() const { return unread_ != nullptr; }

  Output& websocket_output() override;
  std::size_t websocket_queued_bytes() const override;
  void websocket_changed() override;

 private:
  Shared& shared();
  Transport& transport();
  void keep_unread(std::span<const char> octets);
  void read_unread();
  void resume();
  void lose();

  Connection& connection_;
  WebSocketConnection& socket_;
  std::unique_ptr<IncomingMessage> unread_;
};

}  // namespace pelton::http
