// One request and its answer, as a handler sees them. Valid until the handler returns; a handler
// that needs it for longer suspends it, or copies the octets it needs then and there.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/check.hpp"
#include "core/memory/output.hpp"
#include "core/reason.hpp"
#include "http/handler.hpp"
#include "http/message/request_head.hpp"
#include "http/message/response_head.hpp"
#include "http/routing/match.hpp"
#include "http/routing/route_table.hpp"
#include "http/serve/body_file.hpp"
#include "http/serve/endpoints.hpp"
#include "http/serve/exchange_handle.hpp"
#include "http/serve/orphaned_handler.hpp"
#include "http/serve/response_sink.hpp"
#include "http/serve/websocket.hpp"

namespace pelton::http {

struct Shared;

// Whoever has begun an exchange, such as an HTTP/1.1 session. An exchange that is answered within
// the call of its handler asks it for nothing but the ends of the connection.
class ExchangeHost : public EndpointSource {
 public:
  // Keeps the exchange after the handler's call.
  virtual ExchangeHandle suspend(const Exchange& live, const ExchangeListener& listener) = 0;
  // Null if no exchange is suspended.
  virtual ExchangeHandle hand_over(const ExchangeListener& listener) = 0;
  virtual Shared& shared() = 0;
  virtual std::shared_ptr<const BodyFile> body_file() const { return nullptr; }
};

// Whoever keeps an exchange that its handler has suspended. Each function does what that of
// Exchange says which calls it.
class SuspendedHost {
 public:
  virtual void end(Outcome outcome, std::span<const FieldView> trailers) = 0;
  virtual void forsake() = 0;
  virtual std::unique_ptr<OrphanedHandler> orphan(OrphanedHandler::Expire expire,
                                                  void* context) = 0;
  virtual HeadFault begin_stream(const ResponseHead& head) = 0;
  virtual std::size_t write(std::string_view piece) = 0;
  virtual bool is_backed_up() = 0;
  virtual bool wants_more() const = 0;
  virtual std::int64_t write_file(int file, std::uint64_t offset, std::size_t bytes) = 0;
  virtual void await_turn() = 0;
  virtual void note_truncated() = 0;
  virtual std::string_view take_body(std::size_t bytes_max) = 0;
  virtual bool body_ended() const = 0;
  virtual Reason body_fault() const = 0;
  virtual WebSocketAccepted accept_websocket(const WebSocketAccept& accept,
                                             const WebSocketListener& listener) = 0;

 protected:
  ~SuspendedHost() = default;
};

class Exchange {
 public:
  struct Parts {
    const RequestHead& request;
    std::string_view body;
    const Match& match;
    ExchangeHost& host;
    ResponseSink sink;
  };

  explicit Exchange(const Parts& parts) : parts_(parts) {}
  // The same exchange once it is suspended, its request in other memory.
  Exchange(const Exchange& live, SuspendedHost& keeper, const RequestHead& request,
           std::string_view body, const Match& match);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const RequestHead& request() const { return parts_.request; }
  // The whole body, its framing removed. Empty if there was none, or if the route streams it.
  std::string_view body() const { return parts_.body; }
  // The file that the body lies in, which may outlive the exchange; null if it is in memory.
  std::shared_ptr<const BodyFile> body_file() const { return parts_.host.body_file(); }
  // The route that was found; for a server's `unmatched` handler the reason why none was.
  const Match& match() const { return parts_.match; }
  // Values of the template's parameters, in the order they stand in it.
  std::span<const PathValue> path_values() const { return parts_.match.values; }
  const Endpoints& endpoints() const { return parts_.host.endpoints(); }
  bool is_secure() const { return parts_.host.is_secure(); }

  // A complete response in one call.
  HeadFault respond(const ResponseHead& head, std::string_view body);

  // Or in steps: append the body to body_output() between begin() and finish(); Content-Length is
  // patched in place. After a fault nothing is left of the attempt and another begin() may follow.
  HeadFault begin(const ResponseHead& head) {
    CHECK(state_ == State::idle);
    status_ = head.status;
    const HeadFault fault = parts_.sink.begin(head, parts_.request.method == Method::head);
    if (fault == HeadFault::none) state_ = State::begun;
    return fault;
  }
  Output& body_output() { return parts_.sink.body_output(); }
  HeadFault begin(const ReadyHead& head) {
    CHECK(state_ == State::idle);
    status_ = head.status();
    const HeadFault fault = parts_.sink.begin(head, parts_.request.method == Method::head);
    if (fault == HeadFault::none) state_ = State::begun;
    return fault;
  }
  HeadFault finish() {
    CHECK(state_ == State::begun);
    const HeadFault fault = parts_.sink.finish();
    state_ = fault == HeadFault::none ? State::finished : State::idle;
    return fault;
  }
  // Takes back everything since begin().
  void abandon();

  bool responded() const { return state_ == State::finished; }
  // Once responded.
  std::uint16_t status() const { return status_; }
  // Right after that: octets of the body that leave.
  std::uint64_t body_bytes() const { return parts_.sink.body_bytes(); }
  bool begun() const { return state_ == State::begun; }

  // The answer comes later: the request moves to memory of its own, this object ends with the call,
  // and the handler returns Outcome::pending. From then on the exchange is what the handle gets,
  // on the loop's thread, for one piece of work at a time; the listener hears of its fate.
  ExchangeHandle suspend(const ExchangeListener& listener);
  // Once suspended: the handler is through, as if it returned this now. A complete response and
  // this follow each other at once, without a wait between. Ends this object and its handle.
  // `trailers` are those of a response in pieces, for who takes them (RSP-022).
  void end(Outcome outcome, std::span<const FieldView> trailers = {}) {
    keeper().end(outcome, trailers);
  }
  // Once suspended: there is nobody left to answer to. Nothing more is sent, the connection closes.
  // Ends this object and its handle, as end() does.
  void forsake() { keeper().forsake(); }
  bool suspended() const { return state_ == State::suspended; }
  // In an event that ends the exchange: the handler is not through, and keeps its place among those
  // that run, and its time limit, while the result lives. Right before end(): the place alone.
  std::unique_ptr<OrphanedHandler> orphan(OrphanedHandler::Expire expire, void* context) {
    return keeper().orphan(expire, context);
  }

  // Once suspended, a response whose body is made piece by piece. Without a Content-Length field of
  // the handler's it is chunked (RSP-005, RSP-006). It is whole with end(Outcome::responded), and
  // never mistaken for whole behind end(Outcome::failed) or if it is not as long as declared
  // (RSP-012, RSP-020).
  HeadFault begin_stream(const ResponseHead& head) { return keeper().begin_stream(head); }
  // Returns how many octets of the piece were taken. With fewer than all, the peer is slow: the
  // rest is to be offered again when the listener hears `writable`.
  std::size_t write(std::string_view piece) { return keeper().write(piece); }
  // More than `send_queue_bytes_high` waits for the peer: nothing more should be made until the
  // listener hears `writable`.
  bool is_backed_up() { return keeper().is_backed_up(); }
  // False if nothing that is written will leave, so nothing more need be made (RSP-003).
  bool wants_more() const { return keeper().wants_more(); }

  // In place of octets, those of a file of a response that declared its length, as far as the
  // socket takes them: how many were taken, at most 1 MiB; 0 if the listener is to hear `writable`
  // first. Negative is -errno of the file: -EOPNOTSUPP where octets have to be read and written,
  // -ENODATA at its end.
  std::int64_t write_file(int file, std::uint64_t offset, std::size_t bytes) {
    return keeper().write_file(file, offset, bytes);
  }
  // The listener hears `writable` in a later turn: others come first.
  void await_turn() { keeper().await_turn(); }
  // The file has fewer octets than it had: end(Outcome::failed) says so (STA-006).
  void note_truncated() { keeper().note_truncated(); }

  // Without an answer yet begun: suspends it, or if it was suspended for another listener, this one
  // hears of its fate from now on.
  ExchangeHandle take_over(const ExchangeListener& listener);
  // What the core's connections share.
  Shared& shared() { return parts_.host.shared(); }

  // Once suspended, the body of a route that streams it: what has arrived since the last call, or
  // as much of it as is wanted, valid until the next one or the end. Empty and not body_ended():
  // the listener hears `body_arrived`.
  std::string_view take_body(std::size_t bytes_max = std::string_view::npos) {
    return keeper().take_body(bytes_max);
  }
  bool body_ended() const { return keeper().body_ended(); }
  // In `body_refused`, why.
  Reason body_fault() const { return keeper().body_fault(); }

  // Once suspended, on a WebSocket route: the handshake is answered and the exchange is over, as by
  // end(); nothing of the request can be read any more. Without an answer yet begun.
  WebSocketAccepted accept_websocket(const WebSocketAccept& accept,
                                     const WebSocketListener& listener) {
    return keeper().accept_websocket(accept, listener);
  }

  // For the host: how the connection goes on behind a response that has not begun yet.
  Persistence persistence() const { return parts_.sink.persistence(); }
  void persist(Persistence persistence) { parts_.sink.persist(persistence); }

 private:
  enum class State : std::uint8_t { idle, begun, finished, suspended };

  SuspendedHost& keeper() const {
    CHECK(keeper_ != nullptr);
    return *keeper_;
  }

  Parts parts_;
  SuspendedHost* keeper_ = nullptr;  // once suspended
  State state_ = State::idle;
  std::uint16_t status_ = 0;  // of the response that was begun last
};

}  // namespace pelton::http
