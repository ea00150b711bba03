// One accepted connection: a transport, the session that speaks over it, and the switch that hands
// what the engine brings from one to the other. It is HTTP/1.1 until a WebSocket takes its place.
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
#include "http/serve/sessions/h1_session.hpp"
#include "http/serve/sessions/websocket_session.hpp"
#include "http/serve/turn_queue.hpp"
#include "http/serve/websocket_connection.hpp"
#include "http/transport/transport.hpp"
#include "uring/engine.hpp"

namespace pelton::http {

struct Shared;

// A connection's place in the server's list of those to settle at the end of the turn, or of those
// to close.
struct TurnNode : ListNode {};

class Connection final : public TurnNode, public TimerNode {
 public:
  // How often a connection with reading paused looks whether its peer has gone (CON-045).
  static constexpr std::uint64_t peer_look_ms = 500;

  Connection(Slab<Connection>::Place place, Shared& shared, uring::Descriptor descriptor);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // --- for the server ---

  void open();
  // Completions: those of every request, and the rest.
  void complete_receive(const uring::Completion& completion);
  void complete_send(std::int32_t result);
  void complete(const uring::Completion& completion);
  // A turn of this connection, on a loop that is so busy that it had to wait for it (ENG-016): it
  // goes on with requests that it has read, takes receives, and joins the queue again.
  void begin_turn();
  bool awaits_receives() const { return held_ != nullptr; }
  void take_waiting_receive();
  void end_turn();
  // The receive joins those that wait for a turn.
  void await_turn_with(uring::Completion completion);
  // What arrives now begins a request, or its head, and nothing of it waits for its turn.
  bool may_begin_request() const { return !held_ && h1_.may_begin_request(); }
  // The end of a turn that scheduled it: one send for everything queued, and its receive armed.
  void settle();
  // The timer fired: acts on what is due and arms it again.
  void inspect();
  // Time has come to try again what the engine had no memory for (ENG-035).
  void retry();
  // A graceful stop began.
  void drain();
  // The stop's deadline has come.
  void cut_at_deadline();
  // Since when it has been idle between requests; no_deadline_ms if it is not.
  std::uint64_t idle_since_ms() const;
  // Idle as it is, it ends for another's sake (PRC-042).
  void give_way();
  // Its slot and generation.
  uring::Token place() const { return transport_.place(); }
  // Requests that were begun on it.
  std::uint64_t request_count() const { return h1_.request_count(); }
  // Closes the descriptor if no operation on it is in flight any more (ENG-013).
  void try_close();

  // --- for its session ---

  Shared& shared() { return shared_; }
  const Shared& shared() const { return shared_; }
  Transport& transport() { return transport_; }
  const Transport& transport() const { return transport_; }
  const Endpoints& endpoints();
  bool is_secure() const;
  // settle() is called at the end of the turn.
  void schedule();
  // inspect() is called by then.
  void inspect_by(std::uint64_t until_ms) {
    // A node that is armed earlier looks at the deadline when it fires, so the usual request moves
    // no timer at all.
    if (!TimerNode::linked() || deadline_ms > until_ms) arm_timer(until_ms);
  }
  // Arms a receive, if none is and nothing keeps it from reading.
  void read_on();
  // Stops receiving until the session says transport().resume_reading().
  void pause_reading();
  // Pauses reading too, and H1Session::go_on() is called in its next turn.
  void go_on_in_turn();
  // All that is queued becomes a send, whose completion comes in any case.
  void begin_send(int error = 0);
  // Takes this connection's part in the gauges anew, wherever it leaves the plain road or comes
  // back to it: a plain request begins and ends idle, and moves no number.
  void recount();
  // Lingers or closes once the last octets have left.
  void finish_if_flushed();
  void begin_close();
  // It ends by a reset, for this reason.
  void cut(Reason reason);
  // Its exchange becomes a WebSocket once the answer to its handshake is queued.
  const WebSocketConnection& accept_websocket(const WebSocketConnection::Terms& terms,
                                              const WebSocketListener& listener);
  bool has_websocket() const { return websocket_ != nullptr; }
  void begin_websocket(std::unique_ptr<IncomingMessage> unread);

 private:
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
  void lose(Reason reason);
  void end_for(Reason reason);
  void release();

  Shared& shared_;
  Transport transport_;
  H1Session h1_;
  std::unique_ptr<WebSocketSession> websocket_;  // accepted, and then in the place of h1_

  bool queued_ = false;   // in the queue for a turn
  bool goes_on_ = false;  // with requests that were read already, in that turn
  // Its part in the gauges, as recount() took it.
  Gauge counted_ = Gauge::connections_idle;
  bool counted_running_ = false;
  bool counted_queued_ = false;
  std::size_t counted_bytes_ = 0;
  std::unique_ptr<WaitingReceives> held_;  // receives that wait for a turn; null: none
  std::unique_ptr<Endpoints> endpoints_;
};

// --- what a session asks for in every request ---

inline Transport& H1Session::transport() {
  return connection_.transport();
}

inline const Transport& H1Session::transport() const {
  return connection_.transport();
}

inline bool H1Session::reads_messages() const {
  return is_at_message_begin() && !transport().reading_paused();
}

inline Output& H1Session::output() {
  return connection_.transport().output();
}

}  // namespace pelton::http
