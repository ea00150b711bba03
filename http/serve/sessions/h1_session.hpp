// HTTP/1.1 over a transport: reads requests, calls their handlers, queues the responses. It has one
// exchange at a time and is its host.
//
//   handling ──► upgraded
//     ▲ │
//     │ ▼
//     open ────────► over
//
// open: requests are read and answered. handling: a handler has suspended its exchange, and later
// requests wait; once it answers, the session goes on at the end of the turn. upgraded: a WebSocket
// or HTTP/2 has replaced the session. over: no request is read any more; the last response may
// still be leaving.
//
// A request that does not lie whole in one receive is read by its H1Reader; an exchange that its
// handler has suspended is an H1Exchange. The session's own functions stand in h1_message.cpp (the
// plain road of a request), h1_answers.cpp (what is written, and how the connection goes on),
// h1_pending.cpp (answers that come later) and h1_session.cpp (time, pipelining, the end).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/memory/output.hpp"
#include "core/reason.hpp"
#include "core/timer_wheel.hpp"
#include "http/h1/response_writer.hpp"
#include "http/handler.hpp"
#include "http/message/request_head.hpp"
#include "http/routing/route_table.hpp"
#include "http/serve/endpoints.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/incoming_message.hpp"
#include "http/serve/sessions/h1_exchange.hpp"
#include "http/serve/sessions/h1_reader.hpp"
#include "http/serve/sessions/turn_slice.hpp"

namespace pelton::http {

struct OwnAnswer;
struct Shared;
class Connection;
class Transport;

class H1Session final : public ExchangeHost {
 public:
  H1Session(Connection& connection, Shared& shared)
      : connection_(connection), shared_(shared), reader_(*this) {}
  H1Session(const H1Session&) = delete;
  H1Session& operator=(const H1Session&) = delete;

  // --- for the connection ---

  // Waits for the first request.
  void begin();
  // The next octets begin a message.
  bool is_at_message_begin() const { return life_ == Life::open && reader_.message() == nullptr; }
  // Octets that begin a message, which may be answered at once.
  void received_plain(std::string_view octets);
  // Octets at any point of a message.
  void received(std::string_view octets);
  // The peer's FIN.
  void peer_finished();
  // Of a request that does not lie whole in one receive.
  H1Reader& reader() { return reader_; }
  const H1Reader& reader() const { return reader_; }
  // The next octets begin a request, or belong to its head.
  bool may_begin_request() const;

  bool is_open() const { return life_ == Life::open; }
  bool is_handling() const { return life_ == Life::handling; }
  bool is_upgraded() const { return life_ == Life::upgraded; }
  // Another session takes its place, before the first request.
  void step_aside() {
    life_ = Life::upgraded;
    waiting_ = Wait::nothing;
  }
  // No request is read or answered any more.
  void end();

  // Only the next request is awaited. Call it once the queued octets have left.
  bool is_idle() const {
    return life_ == Life::open && waiting_ == Wait::nothing && reader_.is_between_messages();
  }
  // Waits for the next request; inspect() is to be called by then.
  void await_request(std::uint64_t until_ms) {
    waiting_ = Wait::keep_alive;
    wait_deadline_ms_ = until_ms;
  }
  // Fewer octets are queued than before.
  void note_room();
  // Resumes reading, which was paused because output was backed up.
  void resume_input();
  // There is no memory to keep octets that arrived, or to queue a response. The connection is cut
  // at the end of the turn: the caller may still use it until then (PRC-036).
  void lack_memory();
  // Called at the end of a turn for which the connection was scheduled.
  void settle();
  // Begins the next slice of the requests that wait in the backlog.
  void go_on();
  // Acts on each deadline that had passed at `seen_ms`.
  void inspect(std::uint64_t seen_ms);
  std::uint64_t deadline_ms() const;
  // A graceful stop began: an idle connection has `drain_idle_ms` left (PRC-013).
  void drain();
  // It ends once every octet that has arrived is read (PRC-012).
  bool ends_once_read() const { return ends_once_read_ && life_ == Life::open; }
  // Since when it has been idle between requests; no_deadline_ms if it is not.
  std::uint64_t idle_since_ms() const;
  // How many requests were begun on the connection.
  std::uint64_t request_count() const { return request_count_; }
  // The client said `Connection: close`, and the whole request has arrived.
  bool peer_sent_all() const { return peer_sent_all_; }
  // The peer's FIN has come, though no receive brought it.
  void note_peer_finished();
  // Ends the suspended exchange, if there is one, because the connection ends.
  void drop_exchange(ExchangeEvent event, Reason reason);

  // --- for its suspended exchange ---

  // The answer is written: the exchange ends, and the connection goes on when it is settled. With a
  // reason to cut, the answer is incomplete and the connection is cut instead.
  void answered(Persistence persistence, Reason cut = Reason::none);
  // Answers 500 if the handler has failed, and logs the exchange (PRC-051). Returns how the
  // connection goes on.
  Persistence settle_answer(Exchange& exchange, Outcome outcome);
  // The handler asks for the end of the connection and gets it, even while a stop still serves
  // requests that have arrived.
  Persistence end_wanted();
  // Ends the exchange without an answer, or with an answer of which only a part was sent.
  void forget_exchange(Reason reason);
  // Writes one line of the access log (PRC-051).
  void log_exchange(const RequestHead& head, const RouteSettings* route, const SentResponse& sent,
                    Reason reason);

  // --- for its reader ---

  // What the client has to send or do before the deadline.
  enum class Wait : std::uint8_t { nothing, header, body, drain_body, keep_alive, drain };
  // Waits for it for `ms` milliseconds from now.
  void wait_for(Wait what, std::uint64_t ms);
  void stop_waiting() { waiting_ = Wait::nothing; }
  bool waits_for(Wait what) const { return waiting_ == what; }
  // The client earns time by each octet of a body (CON-004). credit_ms() is the time it has left,
  // which it keeps while reading is paused.
  void earn_credit(std::size_t bytes);
  std::uint64_t credit_ms() const;
  // Keeps the current time as that of the request's first octet, for the access log.
  void note_begin();
  void note_begin_if_unknown();
  // The server stops: the session ends once all requests that have arrived are answered (PRC-012,
  // PRC-018).
  bool is_draining() const { return ends_once_read_; }
  void note_peer_sent_all(bool all) { peer_sent_all_ = all; }
  // The handler that is called next reads the body itself.
  void note_body_follows(bool follows) { body_follows_ = follows; }
  // The connection ends with the response that is under way.
  void end_after_response();
  // The last octets are queued: no request is read any more.
  void finish();
  // A head has arrived whole; `rest` are the octets after it. Returns the octets after the message.
  std::string_view begin_message(RequestHead& head, std::string_view rest);
  // A message has arrived whole: calls its handler.
  void dispatch(const RequestHead& head, std::string_view body, const Match& match);
  void serve_incoming(std::unique_ptr<IncomingMessage> message, std::string_view body);
  void call(const Handler& handler, const RequestHead& head, std::string_view body,
            const Match& match, Persistence persistence);
  Persistence persistence_for(const RequestHead& head);
  bool has_exchange() const { return exchange_ != nullptr; }
  PendingExchange& pending() { return exchange_->pending(); }
  bool awaits_upgrade() const { return exchange_ != nullptr && exchange_->awaits_upgrade(); }
  // Refuses the request and ends the connection.
  void refuse(Reason reason, Method method);
  void write_refusal(const RequestHead& head, Reason reason);
  // Answers 415 without waiting for the body.
  void answer_unfit(const RequestHead& head, const RouteSettings& route, Reason reason,
                    std::string_view rest);
  Connection& connection() { return connection_; }
  Transport& transport();
  const Transport& transport() const;
  Output& output();

  // --- ExchangeHost ---

  ExchangeHandle suspend(const Exchange& live, const ExchangeListener& listener) override;
  ExchangeHandle hand_over(const ExchangeListener& listener) override;
  Shared& shared() override { return shared_; }
  std::shared_ptr<const BodyFile> body_file() const override;
  std::string_view trailers() const override;
  const Endpoints& endpoints() override;
  bool is_secure() const override;
  const TlsFacts* tls() const override;
  const RequestOrigin* forwarded(const RequestHead& head) override;

 private:
  enum class Life : std::uint8_t { open, handling, upgraded, over };

  // Messages.
  // The next octets begin a message that may be answered at once.
  bool reads_messages() const;
  std::string_view consume(std::string_view octets);

  // Pipelined requests, which wait or are begun in slices, one slice in a turn of the loop.
  void keep_backlog(std::string_view octets);
  void received_while_handling(std::string_view octets);
  bool begins_more();

  // Answers.
  bool begin_rarely(RequestHead& head, std::string_view rest);
  bool shed(const RequestHead& head, std::string_view rest);
  bool begin_at_once(RequestHead& head, std::string_view rest);
  bool upgrade(const RequestHead& head);
  void answer_unmatched(const RequestHead& head, const Match& match, std::string_view rest);
  void answer_whole(const RequestHead& head, const OwnAnswer& answer, Persistence persistence);
  // Returns how the connection goes on after it: as asked, or it ends without an answer.
  Persistence write_whole(const RequestHead& head, const OwnAnswer& answer,
                          Persistence persistence);
  // Counts that there was no memory to answer with. Returns how the connection goes on after what
  // is queued.
  Persistence leave_unanswered();
  void settle_exchange(Exchange& exchange, Outcome outcome);

  // How the connection goes on.
  Persistence persistence_of_last(const RequestHead& head);
  Persistence persistence_with_unread(const RequestHead& head, std::string_view rest);
  void conclude(Persistence persistence);
  void conclude_last();
  bool ends_after_response() const;

  // Exchanges that outlive their handler's call.
  // The message that the handler which runs now reads from, or an empty one to copy it to.
  std::unique_ptr<IncomingMessage> take_served_message();
  void settle_pending();
  void move_on();
  void time_out();
  void release_exchange();

  // Time, and the end.
  void expire();

  Connection& connection_;
  Shared& shared_;

  Life life_ = Life::open;
  Wait waiting_ = Wait::nothing;
  // The client has said that no request follows, the last one has arrived whole, and no octet more.
  bool peer_sent_all_ = false;
  bool ends_once_read_ = false;  // is_draining()
  bool body_follows_ = false;    // in a handler's call
  // While handling, once the response is written: how the connection goes on after it, or why it
  // is cut.
  Persistence persistence_after_{};
  Reason cut_after_ = Reason::none;

  TurnSlice slice_;

  std::uint64_t wait_deadline_ms_ = TimerWheel::no_deadline_ms;
  std::uint64_t request_count_ = 0;
  std::uint64_t began_ns_ = 0;  // when the first octet of the request arrived; 0 if unknown
  H1Reader reader_;
  H1Exchange* exchange_ = nullptr;  // while handling, until it is answered
};

}  // namespace pelton::http
