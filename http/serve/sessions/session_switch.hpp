// The protocol that a connection speaks: HTTP/1.1 at first; HTTP/2 if both ends agree on it before
// the first request (RFC 9113 section 3); a WebSocket once a handshake is accepted. Passes on to
// the one that speaks now what happens to the connection.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/reason.hpp"
#include "http/serve/exchange_handle.hpp"
#include "http/serve/gauge_share.hpp"
#include "http/serve/sessions/h1_session.hpp"
#include "http/serve/sessions/h2_session.hpp"
#include "http/serve/sessions/websocket_session.hpp"
#include "http/serve/websocket_connection.hpp"

namespace pelton::http {

class Connection;
struct Shared;

class SessionSwitch {
 public:
  SessionSwitch(Connection& connection, Shared& shared) : h1_(connection, shared) {}
  SessionSwitch(const SessionSwitch&) = delete;
  SessionSwitch& operator=(const SessionSwitch&) = delete;

  H1Session& h1() { return h1_; }
  const H1Session& h1() const { return h1_; }

  // The next octets may be the preface of HTTP/2.
  bool awaits_preface() const { return awaits_preface_; }
  // Octets may be for a session from now on: after the handshake, if there is one.
  void begin();
  void received(std::span<char> octets);
  // The peer's FIN; and the same when no receive brought it.
  void peer_finished();
  void note_peer_finished();
  // Handlers are at work whose answers may still leave.
  bool is_busy() const { return h1_.is_handling() || h1_.is_upgraded(); }
  // Called at the end of a turn for which the connection was scheduled.
  void settle();
  // Everything queued is handed to the engine.
  void begin_sending() {
    if (websocket_) websocket_->begin_sending();
  }
  // So was everything, and it has left. `all`: nothing was queued since.
  void sent(bool all);
  // Fewer octets are queued than before.
  void note_room();
  // Resumes reading, which was paused because output was backed up.
  void resume_input();
  // Goes on with requests that were read already.
  void go_on();
  // The next octets begin a request or continue its head.
  bool may_begin_request() const { return h2_ || h1_.may_begin_request(); }
  std::uint64_t request_count() const;
  std::uint64_t idle_since_ms() const;
  // A graceful stop began.
  void drain();
  // Acts on each deadline that had passed at `seen_ms`.
  void inspect(std::uint64_t seen_ms);
  std::uint64_t deadline_ms() const;
  // The connection ends, and all exchanges with it.
  void drop(ExchangeEvent event, Reason reason);
  // The connection closes. A WebSocket has ended before.
  void end();
  // What is in work. Octets of an unfinished message, or some that wait unread, count as unread.
  bool has_unread() const;
  void count(GaugeShare::Counts& counts) const;

  // --- a WebSocket ---

  // The exchange becomes a WebSocket once the answer to its handshake is queued.
  const WebSocketConnection& accept_websocket(const WebSocketConnection::Terms& terms,
                                              const WebSocketListener& listener);
  bool has_websocket() const { return websocket_ != nullptr; }
  // `unread`: octets that came after the handshake.
  void begin_websocket(std::unique_ptr<IncomingMessage> unread) {
    websocket_->begin(std::move(unread));
  }

 private:
  bool speaks_websocket() const { return websocket_ != nullptr && h1_.is_upgraded(); }
  void begin_h2();
  void read_preface(std::string_view octets);
  void end_websocket();
  void drop_websocket();

  [[no_unique_address]] H1Session h1_;
  // Octets of the preface of HTTP/2 that have come, and no others.
  std::uint8_t preface_bytes_ = 0;
  bool awaits_preface_ = false;
  std::unique_ptr<WebSocketSession> websocket_;  // once accepted; then it replaces h1_
  std::unique_ptr<H2Session> h2_;                // the same, once agreed on
};

}  // namespace pelton::http
