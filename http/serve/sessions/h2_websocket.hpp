// A WebSocket on a stream of HTTP/2 (RFC 8441): the stream's octets are its frames, the end of the
// stream is what the end of a connection is elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/memory/output.hpp"
#include "core/timer_wheel.hpp"
#include "http/serve/websocket_connection.hpp"

namespace pelton::http {

class Connection;
class H2Stream;
struct Shared;

class H2WebSocket final : public WebSocketHost {
 public:
  H2WebSocket(H2Stream& stream, Connection& connection);
  H2WebSocket(const H2WebSocket&) = delete;
  H2WebSocket& operator=(const H2WebSocket&) = delete;
  ~H2WebSocket();

  // Its handshake is answered.
  const WebSocketConnection& accept(const WebSocketConnection::Terms& terms,
                                    const WebSocketListener& listener);
  bool is_accepted() const { return socket_ != nullptr; }

  // Octets of the stream. They are kept until read(), outside the codec's calls.
  void received(std::string_view octets);
  void read();
  // The client sends nothing any more.
  void peer_finished();
  // The end of a turn.
  void settle();
  // Queued octets are about to leave; and, later, they have left.
  void begin_sending();
  void sent();
  bool awaits_room() const { return is_accepted() && socket_->awaits_room(); }
  void inspect(std::uint64_t seen_ms);
  std::uint64_t deadline_ms() const {
    return is_accepted() ? socket_->deadline_ms() : TimerWheel::no_deadline_ms;
  }
  // Nothing is read or written any more. Why the stream is reset, or none if it ends behind what is
  // queued.
  bool is_over() const { return is_accepted() && socket_->over(); }
  Reason cut_reason() const { return socket_->cut_reason(); }

  Output& websocket_output() override;
  std::size_t websocket_queued_bytes() const override;
  void websocket_changed() override;

 private:
  H2Stream& stream_;
  Connection& connection_;
  Shared& shared_;
  WebSocketConnection* socket_ = nullptr;  // once accepted
  Output unread_;
  std::size_t read_bytes_ = 0;  // of `unread_`
  bool peer_finished_ = false;
  bool told_of_stop_ = false;
};

}  // namespace pelton::http
