// One accepted connection: a transport, the session that speaks over it, and the switch that passes
// the engine's completions to them. HTTP/1.1 until a WebSocket takes the session's place, or HTTP/2
// if both ends agree on it before the first request.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/core_state.hpp"
#include "core/intrusive_list.hpp"
#include "core/memory/slab.hpp"
#include "core/reason.hpp"
#include "core/timer_wheel.hpp"
#include "http/serve/endpoints.hpp"
#include "http/serve/request_origin.hpp"
#include "http/serve/sessions/h1_session.hpp"
#include "http/serve/sessions/h2_session.hpp"
#include "http/serve/sessions/websocket_session.hpp"
#include "http/serve/turn_queue.hpp"
#include "http/serve/websocket_connection.hpp"
#include "http/transport/proxy_header.hpp"
#include "http/transport/transport.hpp"
#include "uring/engine.hpp"

namespace pelton::http {

struct Shared;

// Links a connection into the server's list of connections to settle at the end of the turn, or of
// those to close.
struct TurnNode : ListNode {};

class Connection final : public TurnNode, public TimerNode {
 public:
  // How often a connection with reading paused checks whether its peer has gone (CON-045).
  static constexpr std::uint64_t peer_look_ms = 500;

  Connection(Slab<Connection>::Place place, Shared& shared, uring::Descriptor descriptor);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // --- for the server ---

  // `filters`: what makes its filter; null: its octets pass as they are.
  void open(FilterSource* filters);
  // Receives and sends, which every request has; complete() handles all other completions.
  void complete_receive(const uring::Completion& completion);
  void complete_send(std::int32_t result);
  void complete(const uring::Completion& completion);
  // One turn of this connection, which waited for it because the loop is busy (ENG-016): the
  // connection goes on with requests that it has read, takes waiting receives, and joins the queue
  // again.
  void begin_turn();
  bool awaits_receives() const { return held_ != nullptr; }
  void take_waiting_receive();
  void end_turn();
  // The receive joins those that wait for a turn.
  void await_turn_with(uring::Completion completion);
  // The next octets begin a request or continue its head, and no receive waits for a turn.
  bool may_begin_request() const { return !held_ && (h2_ || h1_.may_begin_request()); }
  // Called at the end of a turn that scheduled it: sends everything queued, arms its receive.
  void settle();
  // The timer fired: acts on what is due and arms it again.
  void inspect();
  // Tries again an operation for which the engine had no memory (ENG-035).
  void retry();
  // A graceful stop began.
  void drain();
  // The stop's deadline has come.
  void cut_at_deadline();
  // Since when it has been idle between requests; no_deadline_ms if it is not.
  std::uint64_t idle_since_ms() const;
  // Ends this idle connection to make room for another (PRC-042).
  void give_way();
  // Its slot and generation.
  uring::Token place() const { return transport_.place(); }
  // Requests that have begun on this connection.
  std::uint64_t request_count() const {
    return h2_ ? h2_->request_count() : h1_.keep_alive().request_count();
  }
  // Closes the descriptor once no operation on it is in flight (ENG-013).
  void try_close();

  // --- for its session ---

  Shared& shared() { return shared_; }
  const Shared& shared() const { return shared_; }
  Transport& transport() { return transport_; }
  const Transport& transport() const { return transport_; }
  const Endpoints& endpoints();
  bool is_secure() const;
  const TlsFacts* tls() const { return transport_.tls_facts(); }
  // `number` tells the connection's requests apart.
  const RequestOrigin* forwarded(std::uint64_t number, const RequestHead& head);
  // For logs.
  EndpointSource& ends() { return h1_.host(); }
  // A header of the PROXY protocol has begun and is not whole.
  bool lacks_proxy_header() const { return proxy_header_ && proxy_header_->started(); }
  // settle() is called at the end of the turn.
  void schedule();
  // inspect() is called by then.
  void inspect_by(std::uint64_t until_ms) {
    // A node that is armed earlier looks at the deadline when it fires, so the usual request moves
    // no timer at all.
    if (!TimerNode::linked() || deadline_ms > until_ms) arm_timer(until_ms);
  }
  // Arms a receive, if none is armed and nothing forbids reading.
  void read_on();
  // Stops receiving until the session says transport().resume_reading().
  void pause_reading();
  // Pauses reading; its next turn calls the session's go_on().
  void go_on_in_turn();
  // Sends all that is queued by an operation that always completes later.
  void begin_send(int error = 0);
  // Updates this connection's share of the gauges. Called wherever it leaves the plain path or
  // returns to it: a plain request begins and ends idle and changes no gauge.
  void recount();
  // Lingers or closes once the last octets have left.
  void finish_if_flushed();
  // Closes once the filter, if there is one, has told the peer of the end.
  void begin_close();
  // Ends the connection by a reset.
  void cut(Reason reason);
  // The exchange becomes a WebSocket once the answer to its handshake is queued.
  const WebSocketConnection& accept_websocket(const WebSocketConnection::Terms& terms,
                                              const WebSocketListener& listener);
  bool has_websocket() const { return websocket_ != nullptr; }
  void begin_websocket(std::unique_ptr<IncomingMessage> unread);

 private:
  Origins& origins();
  Reason opened(std::span<char>& octets);
  void received_sealed(std::span<char> octets);
  void end_by_filter(Reason reason);
  Reason read_proxy_header(std::span<char>& octets);
  void begin_session();
  void begin_h2();
  void read_preface(std::string_view octets);
  void resume_input();
  void drop_exchanges(ExchangeEvent event, Reason reason);

  // Completions.
  void complete_rare_receive(const uring::Completion& completion);
  bool took_receive(const uring::Completion& completion, std::span<char> octets);
  void received(std::span<char> octets);
  void peer_finished();
  void receive_on(bool multishot);
  void complete_room(std::int32_t events);
  void arm_receive();
  void receive_more();

  // What leaves.
  void flush();
  void flush_rarely();
  void flushed_in_part(std::int64_t left);
  void all_sent();
  void all_sent_rarely();
  void settle_rarely();
  void note_room();
  bool cut_for_memory();

  bool is_upgraded() const { return websocket_ != nullptr && h1_.is_upgraded(); }
  void end_websocket();
  void drop_websocket();

  void join_queue();
  void arm_timer(std::uint64_t until_ms);
  bool is_deaf() const;
  void look_at_peer();
  bool has_unread() const;
  Gauge gauge_now() const;
  void uncount();

  void linger();
  void close_now();
  void lose(Reason reason);
  void end_for(Reason reason);
  void release();

  Shared& shared_;
  Transport transport_;
  H1Session h1_;
  std::unique_ptr<WebSocketSession> websocket_;  // once accepted; then it replaces h1_
  std::unique_ptr<H2Session> h2_;                // the same, once agreed on

  // Octets of the preface of HTTP/2 that have come, and no others.
  std::uint8_t preface_bytes_ = 0;
  bool awaits_preface_ = false;
  bool queued_ = false;   // in the queue for a turn
  bool goes_on_ = false;  // in its turn, with requests already read
  // Its share of the gauges when recount() last ran.
  Gauge counted_ = Gauge::connections_idle;
  bool counted_running_ = false;
  bool counted_queued_ = false;
  std::size_t counted_bytes_ = 0;
  std::unique_ptr<WaitingReceives> held_;            // receives that wait for a turn; null: none
  std::unique_ptr<Origins> origins_;                 // once somebody asks
  std::unique_ptr<ProxyHeaderReader> proxy_header_;  // until it has been read
};

// --- needed by every request ---

inline Transport& H1Session::transport() {
  return connection_.transport();
}

inline bool H1Session::reads_messages() const {
  return is_at_message_begin() && !connection_.transport().reading_paused();
}

inline Output& H1Session::output() {
  return connection_.transport().output();
}

}  // namespace pelton::http
