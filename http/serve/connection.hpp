// One accepted connection as HTTP/1.1 sees it: requests in, exchanges, responses out, and its end.
// Its socket is the transport's.
//
//   handling ──► upgraded
//     ▲ │            │
//     │ ▼            ▼
//     open ────────► over
//
// open: requests are read and answered. handling: a handler has suspended its exchange, requests
// behind it wait, and what it answers moves the connection on at the end of a turn. upgraded: a
// WebSocket has the octets of both directions until it ends. over: the last response is leaving, or
// nothing does; the rest is the transport's.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/core_state.hpp"
#include "core/intrusive_list.hpp"
#include "core/memory/output.hpp"
#include "core/memory/slab.hpp"
#include "core/reason.hpp"
#include "core/timer_wheel.hpp"
#include "http/h1/response_writer.hpp"
#include "http/handler.hpp"
#include "http/message/request_head.hpp"
#include "http/routing/route_table.hpp"
#include "http/serve/endpoints.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/parked_message.hpp"
#include "http/serve/turn_queue.hpp"
#include "http/serve/websocket_connection.hpp"
#include "http/transport/transport.hpp"
#include "uring/engine.hpp"

namespace pelton::http {

struct Shared;
class PendingExchange;

// A connection's place in the server's list of those to settle at the end of the turn, or of those
// to close.
struct TurnNode : ListNode {};

class Connection final : public TurnNode,
                         public TimerNode,
                         private ExchangeHost,
                         private WebSocketHost {
 public:
  Connection(Slab<Connection>::Place place, Shared& shared, uring::Descriptor descriptor);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() override;

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
  bool may_begin_request() const {
    return life_ == Life::open && !transport_.reading_paused() && !held_ &&
           (!parked_ || parked_->phase == ParkedMessage::Phase::head);
  }
  // The end of a turn that scheduled it: one send for everything queued, and its receive armed.
  void settle();
  // The timer fired: acts on what is due and arms it again.
  void inspect();
  // Time has come to try again what the engine had no memory for (ENG-035).
  void retry();
  // A graceful stop began: an idle connection has `drain_idle_ms` left (PRC-013).
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
  std::uint64_t request_count() const { return request_count_; }
  // Closes the descriptor if no operation on it is in flight any more (ENG-013).
  void try_close();

 private:
  // Who does not read looks so often whether the peer is still there (CON-045).
  static constexpr std::uint64_t peer_look_ms = 500;

  enum class Life : std::uint8_t { open, handling, upgraded, over };
  enum class Wait : std::uint8_t {
    nothing,
    header,
    body,
    drain_body,
    keep_alive,
    drain,
  };

  // Completions.
  void complete_rare_receive(const uring::Completion& completion);
  bool took_receive(const uring::Completion& completion, std::span<char> octets);
  void receive_on(bool multishot);
  void complete_room(std::int32_t events);
  void peer_finished();

  // Octets in.
  void received(std::string_view octets);
  void received_plain(std::string_view octets);
  void keep_backlog(std::string_view octets);
  bool backlog_is_full() const;
  bool begins_more();
  bool slice_is_over();
  void go_on_later();
  void go_on();
  void join_queue();
  std::string_view resume(std::string_view octets);
  std::string_view resume_head(std::string_view octets);
  std::string_view resume_length_body(std::string_view octets);
  void length_body_grew(std::size_t bytes);
  std::string_view resume_chunked_body(std::string_view octets);
  std::string_view resume_discard(std::string_view octets);
  void begin_spool();
  std::string_view resume_spooled(std::string_view octets);
  std::string_view spool_on(std::string_view behind);
  void spooled();
  void hold_for_spool();
  void release_from_spool();
  void serve_spooled();
  std::string_view consume(std::string_view octets);
  std::string_view begin_message(const RequestHead& head, std::string_view rest);
  std::string_view begin_body(const RequestHead& head, const Match& match, std::string_view rest);
  std::string_view skip_body(const RequestHead& head, std::string_view rest);
  void park_head(std::string_view octets);
  void start_header_timer();
  ParkedMessage& park(ParkedMessage::Phase phase);
  void unpark();
  std::string_view begin_streamed_body(const RequestHead& head, const Match& match,
                                       std::string_view rest);
  std::string_view resume_streamed(std::string_view octets);
  void earn_streamed_credit(std::size_t bytes);
  void receive_streamed(std::size_t bytes);
  void streamed_body_grew(bool complete);
  bool streams_body() const { return parked_ && parked_->is_streamed(); }
  void pause_body();
  void resume_body();
  void refuse_streamed(Reason reason);
  void earn_body_credit(std::size_t bytes);
  void pause_input();
  void resume_input();

  // Exchanges.
  void dispatch(const RequestHead& head, std::string_view body, const Match& match);
  void call(const Handler& handler, const RequestHead& head, std::string_view body,
            const Match& match, h1::Persistence persistence);
  bool begin_rarely(const RequestHead& head, std::string_view rest);
  bool shed(const RequestHead& head, std::string_view rest);
  void answer_unmatched(const RequestHead& head, const Match& match, std::string_view rest);
  void answer_unfit(const RequestHead& head, const RouteSettings& route, Reason reason,
                    std::string_view rest);
  // Counts that there was no memory to answer with; how the connection goes on behind what is
  // queued.
  h1::Persistence leave_unanswered();
  void answer_whole(const RequestHead& head, const ResponseHead& response, std::string_view body,
                    h1::Persistence persistence, Reason reason);
  // How the connection goes on behind it: as asked, or it ends without an answer.
  h1::Persistence write_whole(const RequestHead& head, const ResponseHead& response,
                              std::string_view body, h1::Persistence persistence, Reason reason);
  void settle_exchange(Exchange& exchange, Outcome outcome);
  h1::Persistence settle_answer(Exchange& exchange, Outcome outcome);
  struct Sent {
    std::uint16_t status;  // 0: no response has begun
    std::uint64_t body_bytes;
  };
  void log_exchange(const RequestHead& head, const RouteSettings* route, const Sent& sent,
                    Reason reason);
  Sent sent_last() const;
  h1::Persistence end_wanted();
  h1::Persistence persistence_for(const RequestHead& head);
  h1::Persistence persistence_of_last(const RequestHead& head);
  h1::Persistence persistence_with_unread(const RequestHead& head, std::string_view rest);
  bool holds_chunked_body(std::string_view rest) const;
  bool must_close_unread(const RequestHead& head, std::string_view rest) const;
  void conclude(h1::Persistence persistence);
  void conclude_last();
  void refuse(Reason reason, Method method);
  // What arrived cannot be kept, or what was to leave cannot be queued: the connection is cut when
  // the turn settles it, since whoever calls may need it until then (PRC-036).
  void lack_memory();
  bool cut_for_memory();
  void write_refusal(const RequestHead& head, Reason reason);
  Method method_parked() const;

  // Exchanges that outlive their handler's call.
  ExchangeHandle keep(const Exchange& live, const ExchangeListener& listener) override;
  void end_kept(Outcome outcome, std::span<const FieldView> trailers) override;
  void forsake() override;
  std::unique_ptr<OrphanedHandler> orphan(OrphanedHandler::Expire at_limit, void* context) override;
  HeadFault begin_stream(const ResponseHead& head) override;
  std::size_t write(std::string_view piece) override;
  bool is_backed_up() override;
  bool wants_more() const override;
  ExchangeHandle hand_over(const ExchangeListener& listener) override;
  std::int64_t write_file(int file, std::uint64_t offset, std::size_t bytes) override;
  void await_turn() override;
  void note_truncated() override;
  Shared& shared() override { return shared_; }
  std::shared_ptr<const BodyFile> body_file() const override;
  std::string_view take_body(std::size_t bytes_max) override;
  bool body_ended() const override;
  Reason body_fault() const override;
  void end_stream(Outcome outcome, std::span<const FieldView> trailers);
  void serve_parked(std::unique_ptr<ParkedMessage> message, std::string_view body);
  void received_behind(std::string_view octets);
  void settle_kept();
  void move_on();
  void answered(h1::Persistence persistence);
  void time_out();
  void end_behind();
  bool ends_behind() const;
  void drop_kept(ExchangeEvent event, Reason reason);
  void forget_kept(Reason reason);
  // A WebSocket.
  bool upgrade(const RequestHead& head);
  bool awaits_upgrade() const;
  WebSocketAccepted accept_websocket(const WebSocketAccept& accept,
                                     const WebSocketListener& listener) override;
  void begin_websocket();
  void received_upgraded(std::span<char> octets);
  void read_backlog();
  void resume_websocket();
  void lose_websocket();
  void settle_websocket();
  void end_websocket();
  void drop_websocket();
  Output& websocket_output() override;
  std::size_t websocket_queued_bytes() const override;
  void websocket_changed() override;

  // Life.
  void flush();
  void begin_send(int error = 0);
  void send_early();
  void all_sent();
  void all_sent_rarely();
  void settle_rarely();
  void note_room();
  // Takes this connection's part in the gauges anew, wherever it leaves the plain road or comes
  // back to it: a plain request begins and ends idle, and moves no number.
  void recount();
  void uncount();
  Gauge gauge_now() const;
  void arm_receive();
  void receive_more();
  bool owes_much() const;
  void receive_own(std::size_t bytes);
  void finish();
  void finish_if_flushed();
  void linger();
  void begin_close();
  void release();
  void cut(Reason reason);
  void lose(Reason reason);
  void end_for(Reason reason);
  void expire();
  void wait_for(Wait what, std::uint64_t until_ms);
  void inspect_by(std::uint64_t until_ms);
  void look_at_peer();
  // Nothing is received, so no completion tells that the peer has gone.
  bool is_deaf() const {
    return transport_.reading_paused() ||
           (transport_.peer_finished() && (life_ == Life::handling || life_ == Life::upgraded));
  }
  // What arrives is the beginning of a message that may be answered at once.
  bool reads_messages() const {
    return life_ == Life::open && !transport_.reading_paused() && !parked_;
  }
  // No octet of a message has come, but perhaps of the empty line ahead of it (H1-003).
  bool is_between_messages() const { return !parked_ || !parked_begun(); }
  bool parked_begun() const;
  Output& output() { return transport_.output(); }
  const Output& output() const { return transport_.output(); }
  const Endpoints& endpoints() override;
  bool is_secure() const override;

  Shared& shared_;
  Transport transport_;

  Life life_ = Life::open;
  Wait waiting_ = Wait::nothing;
  // The peer has said that nothing follows its request, which was taken whole, and nothing has.
  bool peer_through_ = false;
  // Only a stop ends it: what has arrived is still answered (PRC-012, PRC-018).
  bool ended_by_stop_ = false;
  h1::Persistence persistence_behind_{};  // handling, answered: how it goes on,
  Reason cut_behind_ = Reason::none;      // or why it does not
  bool queued_ = false;                   // in the queue for a turn
  bool goes_on_ = false;                  // with its backlog, in that turn
  // Its part in the gauges, as recount() took it.
  Gauge counted_ = Gauge::connections_idle;
  bool counted_running_ = false;
  bool counted_queued_ = false;

  // Requests that lie behind each other are begun in slices, one in a turn of the loop.
  std::uint64_t slice_since_ns_ = 0;
  std::uint32_t slice_turn_ = 0;
  std::uint16_t slice_requests_ = 0;
  std::uint16_t slice_clock_at_ = 0;  // so many requests on, time is looked at

  std::size_t counted_bytes_ = 0;
  std::uint64_t wait_deadline_ms_ = TimerWheel::no_deadline_ms;
  std::uint64_t request_count_ = 0;
  std::uint64_t parked_since_ns_ = 0;  // of the message that straddles receives
  std::unique_ptr<ParkedMessage> parked_;
  std::unique_ptr<WaitingReceives> held_;              // receives that wait for a turn; null: none
  std::unique_ptr<ParkedMessage>* serving_ = nullptr;  // what the handler that runs now reads from
  PendingExchange* kept_ = nullptr;                    // handling, not answered yet
  WebSocketConnection* socket_ = nullptr;              // accepted, and then upgraded
  std::unique_ptr<Endpoints> endpoints_;
};

}  // namespace pelton::http
