// One request and its answer, as a handler sees them. Valid until the handler returns. A handler
// that needs the exchange for longer suspends it, or copies the octets that it needs.
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

// What began an exchange, such as an HTTP/1.1 session. An exchange that is answered before its
// handler returns needs only the endpoints of its connection and the file of its body.
class ExchangeHost : public EndpointSource {
 public:
  // Keeps the exchange after the handler's call.
  virtual ExchangeHandle suspend(const Exchange& live, const ExchangeListener& listener) = 0;
  // Gives a suspended exchange another listener. The handle is null if no exchange is suspended.
  virtual ExchangeHandle hand_over(const ExchangeListener& listener) = 0;
  virtual Shared& shared() = 0;
  virtual std::shared_ptr<const BodyFile> body_file() const { return nullptr; }
  virtual std::string_view trailers() const { return {}; }
};

// Keeps an exchange that its handler has suspended. Class Exchange documents each function.
class SuspendedHost {
 public:
  virtual void end(Outcome outcome, std::span<const FieldView> trailers) = 0;
  virtual void forsake() = 0;
  virtual std::unique_ptr<OrphanedHandler> orphan(OrphanedHandler::Expire expire,
                                                  void* context) = 0;
  virtual HeadFault hint(std::span<const std::string_view> links) = 0;
  virtual HeadFault begin_stream(const ResponseHead& head) = 0;
  virtual std::size_t write(std::string_view piece) = 0;
  virtual bool is_backed_up() = 0;
  virtual bool wants_more() const = 0;
  virtual bool passes_files() = 0;
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
  // The exchange after it was suspended, with its request in memory of its own.
  Exchange(const Exchange& live, SuspendedHost& keeper, const RequestHead& request,
           std::string_view body, const Match& match);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const RequestHead& request() const { return parts_.request; }
  // The whole body without its framing. Empty if there is no body or the route streams it.
  std::string_view body() const { return parts_.body; }
  // The file that holds the body, which may outlive the exchange; null if the body is in memory.
  std::shared_ptr<const BodyFile> body_file() const { return parts_.host.body_file(); }
  // The lines of the request's trailer section (RFC 9110 section 6.5), which next_trailer() reads.
  // Empty if it has none, or while the body still arrives.
  std::string_view trailers() const { return parts_.host.trailers(); }
  // The route that was found; for a server's `unmatched` handler, the reason why none was found.
  const Match& match() const { return parts_.match; }
  // Values of the template's parameters, in the template's order.
  std::span<const PathValue> path_values() const { return parts_.match.values; }
  // The client and the scheme are those that a trusted proxy names, if there is one.
  const Endpoints& endpoints() const;
  bool is_secure() const;
  // What the TLS of this server's own connection has agreed on; null without.
  const TlsFacts* tls() const { return parts_.host.tls(); }
  // What a trusted proxy says of the request; null if none says anything. It also has the host that
  // the client asked for, and the path in front of the request's.
  const RequestOrigin* forwarded() const { return parts_.host.forwarded(parts_.request); }

  // A complete response in one call.
  HeadFault respond(const ResponseHead& head, std::string_view body);

  // A response in steps. Between begin() and finish() its body is appended to body_output(), and
  // finish() fills in Content-Length. A fault undoes everything, and begin() may be called again.
  HeadFault begin(const ResponseHead& head) {
    CHECK(state_ == State::idle);
    status_ = head.status;
    const HeadFault fault = parts_.sink.begin(head, parts_.request);
    if (fault == HeadFault::none) state_ = State::begun;
    return fault;
  }
  Output& body_output() { return parts_.sink.body_output(); }
  HeadFault begin(const ReadyHead& head) {
    CHECK(state_ == State::idle);
    status_ = head.status();
    const HeadFault fault = parts_.sink.begin(head, parts_.request);
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
  // Valid once responded.
  std::uint16_t status() const { return status_; }
  bool begun() const { return state_ == State::begun; }

  // Puts the answer off: the request moves to memory of its own, the handler returns
  // Outcome::pending, and this object ends. From then on the handle gives the exchange, on the
  // loop's thread and for one piece of work at a time. The listener is called for what happens to
  // it.
  ExchangeHandle suspend(const ExchangeListener& listener);
  // For a suspended exchange: the handler has finished with this outcome. A complete response is
  // followed by end() at once. Destroys this object and makes its handle stale. `trailers` follow a
  // response in pieces if the client takes trailers (RSP-022).
  void end(Outcome outcome, std::span<const FieldView> trailers = {}) {
    keeper().end(outcome, trailers);
  }
  // For a suspended exchange: nobody is left to answer. Nothing more is sent and the connection
  // closes. Destroys this object and makes its handle stale.
  void forsake() { keeper().forsake(); }
  bool suspended() const { return state_ == State::suspended; }
  // In an event that ends the exchange: while the result lives, the unfinished handler counts as
  // running and keeps its time limit. Right before end(): the handler only counts as running.
  std::unique_ptr<OrphanedHandler> orphan(OrphanedHandler::Expire expire, void* context) {
    return keeper().orphan(expire, context);
  }

  // For a suspended exchange whose response has not begun: sends a 103 with these values of Link
  // (RSP-010). It is left out for a client of HTTP/1.0, and while the client is slow to take what
  // was sent before.
  HeadFault hint(std::span<const std::string_view> links) { return keeper().hint(links); }

  // For a suspended exchange: a response whose body is made piece by piece. It is chunked unless
  // the handler sets Content-Length (RSP-005, RSP-006). end(Outcome::responded) completes it. After
  // end(Outcome::failed), or if the length is not the declared one, the client sees that the
  // response is incomplete (RSP-012, RSP-020).
  HeadFault begin_stream(const ResponseHead& head) { return keeper().begin_stream(head); }
  // Returns how many octets of the piece were taken. If some were not, the client is slow: the rest
  // is offered again after the listener gets `writable`.
  std::size_t write(std::string_view piece) { return keeper().write(piece); }
  // More than `send_queue_bytes_high` waits to be sent: the handler makes no more until the
  // listener gets `writable`.
  bool is_backed_up() { return keeper().is_backed_up(); }
  // False if further octets would not be sent, so that none need be made (RSP-003).
  bool wants_more() const { return keeper().wants_more(); }

  // False if octets of a file have to be read and written, because they do not reach the socket as
  // they are.
  bool passes_files() { return keeper().passes_files(); }
  // Sends octets of a file as the body of a response with a declared length. Returns how many
  // octets the socket took, at most 1 MiB; 0 if the listener gets `writable` first. Negative is
  // -errno of the file: -EOPNOTSUPP if the octets have to be read and written, -ENODATA at the
  // file's end.
  std::int64_t write_file(int file, std::uint64_t offset, std::size_t bytes) {
    return keeper().write_file(file, offset, bytes);
  }
  // The listener gets `writable` in a later turn, so that other connections are served first.
  void await_turn() { keeper().await_turn(); }
  // The file became shorter: end(Outcome::failed) reports that (STA-006).
  void note_truncated() { keeper().note_truncated(); }

  // Suspends the exchange, or gives a suspended one this listener instead of its own. No answer may
  // have begun.
  ExchangeHandle take_over(const ExchangeListener& listener);
  // What the core's connections share.
  Shared& shared() { return parts_.host.shared(); }

  // For a suspended exchange on a route that streams the body: octets that have arrived and were
  // not taken yet, at most `bytes_max`. Valid until the next call or the end. If the result is
  // empty and the body has not ended, the listener gets `body_arrived` later.
  std::string_view take_body(std::size_t bytes_max = std::string_view::npos) {
    return keeper().take_body(bytes_max);
  }
  bool body_ended() const { return keeper().body_ended(); }
  // Why the body was refused; read in the event `body_refused`.
  Reason body_fault() const { return keeper().body_fault(); }

  // For a suspended exchange on a WebSocket route: answers the handshake and ends the exchange, as
  // end() does; the request can no longer be read. No answer may have begun.
  WebSocketAccepted accept_websocket(const WebSocketAccept& accept,
                                     const WebSocketListener& listener) {
    return keeper().accept_websocket(accept, listener);
  }

  // For the host: how the connection goes on after a response that has not begun yet.
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
  std::uint16_t status_ = 0;  // of the response begun last
};

}  // namespace pelton::http
