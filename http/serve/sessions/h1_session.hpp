// HTTP/1.1 over a transport: reads requests, calls their handlers, queues the responses, one
// request at a time.
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
// Its parts: an H1Reader reads a request that does not lie whole in one receive, H1Answers writes
// what no handler answers, H1Host keeps an exchange that its handler has suspended, KeepAlive knows
// whether the connection goes on after a response, and H1Timer until when the client is waited for.
// The session's own functions stand in h1_message.cpp (the plain road of a request) and
// h1_session.cpp (pipelining, time, the end).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/memory/output.hpp"
#include "core/reason.hpp"
#include "http/h1/response_writer.hpp"
#include "http/handler.hpp"
#include "http/message/request_head.hpp"
#include "http/routing/route_table.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/incoming_message.hpp"
#include "http/serve/sessions/h1_answers.hpp"
#include "http/serve/sessions/h1_host.hpp"
#include "http/serve/sessions/h1_reader.hpp"
#include "http/serve/sessions/h1_timer.hpp"
#include "http/serve/sessions/keep_alive.hpp"
#include "http/serve/sessions/turn_slice.hpp"

namespace pelton::http {

struct Shared;
class Connection;
class Transport;

class H1Session {
 public:
  H1Session(Connection& connection, Shared& shared)
      : host_(*this), connection_(connection), shared_(shared), reader_(*this) {}
  H1Session(const H1Session&) = delete;
  H1Session& operator=(const H1Session&) = delete;

  // --- for the connection ---

  // Waits for the first request.
  void begin();
  // Octets that begin a message, which may be answered at once.
  void received_plain(std::string_view octets);
  // Octets at any point of a message.
  void received(std::string_view octets);
  // The peer's FIN.
  void peer_finished();

  bool is_open() const { return life_ == Life::open; }
  bool is_handling() const { return life_ == Life::handling; }
  bool is_upgraded() const { return life_ == Life::upgraded; }
  // The next octets begin a message.
  bool is_at_message_begin() const { return life_ == Life::open && reader_.message() == nullptr; }
  // The next octets begin a request, or belong to its head.
  bool may_begin_request() const;
  // Another session takes its place, before the first request.
  void step_aside();
  // No request is read or answered any more.
  void end();

  // Only the next request is awaited. Call it once the queued octets have left.
  bool is_idle() const {
    return life_ == Life::open && timer_.waits_for(Wait::nothing) && reader_.is_between_messages();
  }
  // Since when it has been idle between requests; no_deadline_ms if it is not.
  std::uint64_t idle_since_ms() const;
  // Resumes reading, which was paused because output was backed up.
  void resume_input();
  // There is no memory to keep octets that arrived, or to queue a response. The connection is cut
  // at the end of the turn: the caller may still use it until then (PRC-036).
  void lack_memory();
  // Begins the next slice of the requests that wait in the backlog.
  void go_on();
  // Acts on each deadline that had passed at `seen_ms`.
  void inspect(std::uint64_t seen_ms);
  std::uint64_t deadline_ms() const;
  // A graceful stop began: an idle connection has `drain_idle_ms` left (PRC-013).
  void drain();
  // It ends once every octet that has arrived is read (PRC-012).
  bool ends_once_read() const { return keep_alive_.ends_once_read() && life_ == Life::open; }

  // --- its parts ---

  Connection& connection() { return connection_; }
  Shared& shared() { return shared_; }
  Transport& transport();
  Output& output();
  H1Reader& reader() { return reader_; }
  const H1Reader& reader() const { return reader_; }
  H1Answers answers() { return H1Answers(*this); }
  H1Host& host() { return host_; }
  const H1Host& host() const { return host_; }
  KeepAlive& keep_alive() { return keep_alive_; }
  const KeepAlive& keep_alive() const { return keep_alive_; }
  H1Timer& timer() { return timer_; }

  // --- for its parts ---

  using Wait = H1Timer::Wait;

  // Waits for it for `ms` milliseconds from now.
  void wait_for(Wait what, std::uint64_t ms);
  // A head has arrived whole; `rest` are the octets after it. Returns the octets after the message.
  std::string_view begin_message(RequestHead& head, std::string_view rest);
  // A message has arrived whole: calls its handler.
  void dispatch(const RequestHead& head, std::string_view body, const Match& match);
  void serve_incoming(std::unique_ptr<IncomingMessage> message, std::string_view body);
  void call(const Handler& handler, const RequestHead& head, std::string_view body,
            const Match& match, Persistence persistence);
  // A handler suspends its exchange; and that exchange is answered.
  void begin_handling();
  void end_handling();
  // A response is queued: the connection goes on or ends.
  void conclude(Persistence persistence);
  // Refuses the request and ends the connection. `method` is the request's, or Method::other if it
  // was not read: a refusal of HEAD has no body (H1-093).
  void refuse(Reason reason, Method method);
  // The last octets are queued: no request is read any more.
  void finish();

 private:
  enum class Life : std::uint8_t { open, handling, upgraded, over };

  // Messages. The next octets begin one that may be answered at once.
  bool reads_messages() const;
  std::string_view consume(std::string_view octets);
  bool begin_rarely(RequestHead& head, std::string_view rest);
  bool upgrade(const RequestHead& head);

  // Pipelined requests, which wait or are begun in slices, one slice in a turn of the loop.
  void keep_backlog(std::string_view octets);
  void received_while_handling(std::string_view octets);
  bool begins_more();

  // Rare ends. Functions of the session, so that the plain road needs no address but its own.
  Persistence persistence_of_last(const RequestHead& head);
  Persistence end_wanted();
  void settle_rarely(Exchange& exchange, Outcome outcome);
  void conclude_last();
  void expire();

  // At the session's own address: every exchange is given it. No padding follows a part whose
  // successor fits in there, so an idle connection stays small.
  [[no_unique_address]] H1Host host_;
  Life life_ = Life::open;
  Connection& connection_;
  Shared& shared_;
  TurnSlice slice_;
  H1Reader reader_;
  [[no_unique_address]] H1Timer timer_;
  [[no_unique_address]] KeepAlive keep_alive_;
};

}  // namespace pelton::http
