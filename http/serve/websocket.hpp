// How an application uses a WebSocket. Used on the loop's thread, while the server lives (protocol
// section 8). The handler suspends its exchange and returns Outcome::pending. Then, at once or
// later, the exchange's owner calls Exchange::accept_websocket() with a listener and gets a handle.
//
// Before that call the owner may answer the exchange like any other; the connection then ends after
// the answer (WS-006). The call ends the request, so the owner first copies what it needs of it.
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
  // The queue is below its low mark again, after a send reported that it was high or full.
  writable,
  // The end, once for every WebSocket and always the last event (WS-034). The handle is already
  // stale.
  closed,
};

struct WebSocketNews {
  WebSocketEvent event = WebSocketEvent::closed;
  // Of a message or a pong; in `closed` the close reason. Valid during the call.
  std::string_view octets = {};
  // In `closed`: the peer's code, 1005 if its Close had none; our code if we ended the WebSocket
  // (1001, 1002, 1007...); or 1006 if the connection was lost without a Close.
  std::uint16_t code = 0;
  // In `closed`: both sides sent a Close, or we close for a stop.
  bool clean = false;
};

// Called during the turn, but never from within a call that the owner makes to a WebSocket. It may
// call any function of any WebSocket.
struct WebSocketListener {
  using Call = void (*)(void* context, WebSocket& socket, const WebSocketNews& news);

  Call call = nullptr;
  void* context = nullptr;

  void operator()(WebSocket& socket, const WebSocketNews& news) const {
    call(context, socket, news);
  }
};

// What happens to a message that does not fit: the queue would exceed `websocket_queue_bytes_max`
// (WS-052).
enum class SlowPolicy : std::uint8_t {
  close,  // 1013
  drop,
  wait,  // not queued: offered again after the listener gets `writable`
};

enum class SendOutcome : std::uint8_t {
  queued,
  // Queued, but the queue is above `send_queue_bytes_high` now: the listener gets `writable` once
  // it is low again (WS-051).
  queued_high,
  // Not queued, by the policy. `full` is SlowPolicy::wait: the listener gets `writable` later.
  dropped,
  full,
  // Not queued: a Close was sent or received, perhaps just now by the policy.
  closed,
};

enum class CloseFault : std::uint8_t {
  none,
  code,    // not a code that may be sent (WS-030)
  reason,  // longer than 123 octets, or not UTF-8
};

class WebSocket {
 public:
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  // Queues a copy of a whole message. Text must be UTF-8, which is not checked. Messages of one
  // turn leave in one send.
  virtual SendOutcome send(MessageKind kind, std::string_view octets) = 0;
  // The same, limited by `websocket_queue_bytes_max`; an empty queue takes a message of any size
  // (WS-052).
  virtual SendOutcome send(MessageKind kind, std::string_view octets, SlowPolicy policy) = 0;
  // At most 125 octets. False if the WebSocket is closed or closing.
  virtual bool ping(std::string_view octets) = 0;
  // Sends a Close. After it nothing more is sent or delivered; `closed` follows when the peer has
  // answered or its time is up (WS-031). Code 0: a Close without a code. A second call does
  // nothing.
  virtual CloseFault close(std::uint16_t code, std::string_view reason) = 0;

  // Octets that are not yet with the kernel.
  virtual std::size_t buffered_bytes() const = 0;
  // A Close was sent or received, or the peer has left and some of its octets are unread: send()
  // returns `closed`.
  virtual bool closing() const = 0;
  // What `closed` will report, once that is certain, which may be before the listener is called.
  virtual std::optional<WebSocketNews> known_end() const = 0;

  // How much of the delivered messages the owner still holds for a reader. Reading pauses above
  // `websocket_receive_messages_max` or the message limit and goes on below (WS-053). Called at
  // every change; an owner that consumes each message at once never calls it.
  virtual void set_undelivered(std::size_t messages, std::size_t bytes) = 0;

 protected:
  WebSocket() = default;
  ~WebSocket() = default;
};

// A plain value: freely copied, owns nothing.
class WebSocketHandle {
 public:
  using Slots = Slab<WebSocketConnection>;

  WebSocketHandle() = default;
  WebSocketHandle(Slots& sockets, Slots::Place place)
      : sockets_(&sockets), slot_(place.slot), generation_(place.generation) {}

  // Null once `closed` is delivered.
  WebSocket* get() const;
  // The same, for the server's own use.
  WebSocketConnection* connection() const;
  // Unique within a core.
  std::uint64_t number() const { return std::uint64_t{generation_} << 32 | slot_; }

 private:
  Slots* sockets_ = nullptr;
  std::uint32_t slot_ = 0;
  std::uint32_t generation_ = 0;
};

// Settings of all WebSockets of a server.
struct WebSocketRules {
  bool deflates = true;              // accept permessage-deflate if it is offered (WS-060)
  std::vector<std::string> origins;  // allowed on routes without a list of their own (WS-004)
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
