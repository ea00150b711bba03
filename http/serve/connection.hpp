// One accepted connection: a transport, the session that speaks over it, and what passes the
// engine's completions to them.
//
// Its functions stand in connection.cpp (what leaves, time, the end) and connection_input.cpp (what
// arrives, at once or in a later turn).
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/core_state.hpp"
#include "core/intrusive_list.hpp"
#include "core/memory/slab.hpp"
#include "core/reason.hpp"
#include "core/timer_wheel.hpp"
#include "http/serve/connection_origin.hpp"
#include "http/serve/endpoints.hpp"
#include "http/serve/gauge_share.hpp"
#include "http/serve/sessions/session_switch.hpp"
#include "http/serve/turn_queue.hpp"
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
  bool may_begin_request() const { return !held_ && sessions_.may_begin_request(); }
  // Called at the end of a turn that scheduled it: sends everything queued, arms its receive.
  void settle();
  // The timer fired: acts on what is due and arms it again.
  void inspect();
  // Tries again an operation for which the engine had no memory (ENG-035).
  void retry();
  // A graceful stop began.
  void drain() { sessions_.drain(); }
  // The stop's deadline has come.
  void cut_at_deadline();
  // Since when it has been idle between requests; no_deadline_ms if it is not.
  std::uint64_t idle_since_ms() const;
  // Ends this idle connection to make room for another (PRC-042).
  void give_way();
  // Its slot and generation.
  uring::Token place() const { return transport_.place(); }
  // Requests that have begun on this connection.
  std::uint64_t request_count() const { return sessions_.request_count(); }
  // Closes the descriptor once no operation on it is in flight (ENG-013).
  void try_close();

  // --- for its session ---

  Shared& shared() { return shared_; }
  const Shared& shared() const { return shared_; }
  Transport& transport() { return transport_; }
  const Transport& transport() const { return transport_; }
  SessionSwitch& sessions() { return sessions_; }
  ConnectionOrigin& origin() { return origin_; }
  const ConnectionOrigin& origin() const { return origin_; }
  // For logs.
  EndpointSource& ends() { return sessions_.h1().host(); }
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
  // Stops receiving until the session says transport().receiver().resume().
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

 private:
  // What arrives (connection_input.cpp).
  Reason opened(std::span<char>& octets);
  void received_sealed(std::span<char> octets);
  void end_by_filter(Reason reason);
  void received(std::span<char> octets);
  void complete_rare_receive(const uring::Completion& completion);
  bool took_receive(const uring::Completion& completion, std::span<char> octets);
  void peer_finished();
  void receive_on(bool multishot);
  void arm_receive();
  void receive_more();
  void join_queue();

  // What leaves.
  void complete_room(std::int32_t events);
  void flush();
  void flush_rarely();
  void flushed_in_part(std::int64_t left);
  void all_sent();
  void all_sent_rarely();
  void settle_rarely();
  bool cut_for_memory();

  // Time.
  void arm_timer(std::uint64_t until_ms);
  bool is_deaf() const;
  void look_at_peer();
  Gauge phase() const;

  // The end.
  void linger();
  void close_now();
  void lose(Reason reason);
  void end_for(Reason reason);
  void release();

  Shared& shared_;
  [[no_unique_address]] Transport transport_;
  bool queued_ = false;   // in the queue for a turn
  bool goes_on_ = false;  // in its turn, with requests already read
  SessionSwitch sessions_;
  std::unique_ptr<WaitingReceives> held_;  // receives that wait for a turn; null: none
  ConnectionOrigin origin_;
  GaugeShare gauge_share_;
};

// --- needed by every request ---

inline Transport& H1Session::transport() {
  return connection_.transport();
}

inline bool H1Session::reads_messages() const {
  return is_at_message_begin() && !connection_.transport().receiver().is_paused();
}

inline Output& H1Session::output() {
  return connection_.transport().sender().output();
}

}  // namespace pelton::http
