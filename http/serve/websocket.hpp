// The seam of a WebSocket: an exchange that was suspended becomes one, its owner holds a handle and
// is told what arrives. One thread, the loop's, while the server lives (protocol section 8).
// The handler suspends its exchange and returns Outcome::pending; then, at once or later, the owner
// calls Exchange::accept_websocket() with its listener and gets the handle.
//
// Before it accepts, the owner may answer the exchange as any other; the connection ends behind
// that answer (WS-006). What is read of the request has to be copied before it accepts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/memory/slab.hpp"
#include "http/message/field.hpp"

namespace pelton::http {

class Topics;
class WebSocket;
class WebSocketConnection;

enum class MessageKind : std::uint8_t { text, binary };

enum class WebSocketEvent : std::uint8_t {
  // A whole message; text is valid UTF-8.
  text,
  binary,
  // The peer's answer to a ping, with the ping's octets.
  pong,
  // The queue is below its low mark again, for who was told that it is high or full.
  writable,
  // The end, once for every WebSocket and always the last (WS-034). The handle is stale already.
  closed,
};

struct WebSocketNews {
  WebSocketEvent event = WebSocketEvent::closed;
  // Of a message or a pong; in `closed` the reason that goes with the code. For the time of the
  // call only.
  std::string_view octets = {};
  // In `closed`: the peer's code, 1005 if its Close had none; or ours, if we ended it on our own
  // account (1001, 1002, 1007...); or 1006 if the connection was lost without a Close.
  std::uint16_t code = 0;
  // In `closed`: both sides had their say, or we close for a stop.
  bool clean = false;
};

// Called from within the turn, never from within a call of the owner's to a WebSocket. It may call
// anything of any WebSocket.
struct WebSocketListener {
  using Call = void (*)(void* context, WebSocket& socket, const WebSocketNews& news);

  Call call = nullptr;
  void* context = nullptr;

  void operator()(WebSocket& socket, const WebSocketNews& news) const {
    call(context, socket, news);
  }
};

// What is done with a message for which there is no room: the queue would pass
// `websocket_queue_bytes_max` (WS-052).
enum class SlowPolicy : std::uint8_t {
  close,  // 1013
  drop,
  wait,  // not queued: to be offered again when the listener hears `writable`
};

enum class SendOutcome : std::uint8_t {
  queued,
  // Queued as well, but the queue is above `send_queue_bytes_high` now: `writable` tells when to go
  // on (WS-051).
  queued_high,
  // Not queued, by the policy. With SlowPolicy::wait `writable` will be heard.
  dropped,
  full,
  // Not queued: a Close has been sent or received, or the policy just sent one.
  closed,
};

enum class CloseFault : std::uint8_t {
  none,
  code,    // not one that may be sent (WS-030)
  reason,  // longer than 123 octets, or not UTF-8
};

class WebSocket {
 public:
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  // A whole message, copied into the queue behind those before it. Text must be UTF-8, which is not
  // looked at. Whatever is sent in one turn leaves in one send.
  virtual SendOutcome send(MessageKind kind, std::string_view octets) = 0;
  // The same, bounded by `websocket_queue_bytes_max`; but to an empty queue any one goes (WS-052).
  virtual SendOutcome send(MessageKind kind, std::string_view octets, SlowPolicy policy) = 0;
  // At most 125 octets. False if it is closed.
  virtual bool ping(std::string_view octets) = 0;
  // Sends a Close, after which nothing more is sent and nothing delivered; `closed` is heard when
  // the peer has answered, or did not (WS-031). Code 0 sends none. A second call does nothing.
  virtual CloseFault close(std::uint16_t code, std::string_view reason) = 0;

  // Octets that have not been handed to the kernel yet.
  virtual std::size_t buffered_bytes() const = 0;
  // A Close has been sent or received, or the peer has left though some of what it said is unread:
  // send() says `closed`.
  virtual bool closing() const = 0;
  // What `closed` will say, once it is certain: a handler may act between the two.
  virtual std::optional<WebSocketNews> known_end() const = 0;

  // What of the messages the listener was given its owner still holds for a reader. Reading pauses
  // beyond `websocket_receive_messages_max` or the message limit, and goes on below (WS-053). Told
  // whenever it changes, or never by who takes each message at once.
  virtual void set_undelivered(std::size_t messages, std::size_t bytes) = 0;

 protected:
  WebSocket() = default;
  ~WebSocket() = default;
};

// A plain value: copied freely, owning nothing.
class WebSocketHandle {
 public:
  using Slots = Slab<WebSocketConnection>;

  WebSocketHandle() = default;
  WebSocketHandle(Slots& sockets, Slots::Place place)
      : sockets_(&sockets), slot_(place.slot), generation_(place.generation) {}

  // Null from `closed` on.
  WebSocket* get() const;
  // For the server's own use: the same.
  WebSocketConnection* connection() const;
  // No two of one core have the same.
  std::uint64_t number() const { return std::uint64_t{generation_} << 32 | slot_; }

 private:
  Slots* sockets_ = nullptr;
  std::uint32_t slot_ = 0;
  std::uint32_t generation_ = 0;
};

// What holds for all WebSockets of a server.
struct WebSocketRules {
  bool deflates = true;              // permessage-deflate is agreed on if it is offered (WS-060)
  std::vector<std::string> origins;  // for routes without a list of their own (WS-004)
};

struct WebSocketAccept {
  std::string_view subprotocol = {};  // one that the request offers, or empty
  std::span<const FieldView> fields = {};
  std::optional<std::uint64_t> message_bytes_max = {};  // absent: the server's
};

enum class AcceptFault : std::uint8_t {
  none,
  header,    // a field that may not be sent (RSP-014, RSP-015)
  protocol,  // a subprotocol that was not offered (WS-005)
};

// After a fault nothing has happened, and the exchange still awaits its answer.
struct WebSocketAccepted {
  AcceptFault fault = AcceptFault::none;
  WebSocketHandle socket = {};
  Topics* topics = nullptr;  // of its core
};

}  // namespace pelton::http
