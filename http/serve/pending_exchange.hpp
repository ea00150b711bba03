// An exchange whose handler has returned without an answer: the request in memory of its own, its
// body as it arrives, the response as it leaves, and the listener. A connection has at most one,
// which ends at the latest with the connection.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "core/memory/output.hpp"
#include "core/memory/slab.hpp"
#include "core/reason.hpp"
#include "core/timer_wheel.hpp"
#include "http/message/persistence.hpp"
#include "http/routing/match.hpp"
#include "http/routing/route_table.hpp"
#include "http/serve/arriving_body.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/exchange_handle.hpp"
#include "http/serve/incoming_message.hpp"

namespace pelton::http {

class PendingExchange {
 public:
  using Place = Slab<PendingExchange>::Place;

  // `message` already holds the octets of the live exchange, or is empty: then they are copied.
  PendingExchange(Place place, const Exchange& live, SuspendedHost& keeper,
                  std::unique_ptr<IncomingMessage> message, BlockPool& blocks,
                  const ExchangeListener& listener);
  PendingExchange(const PendingExchange&) = delete;
  PendingExchange& operator=(const PendingExchange&) = delete;

  Exchange& exchange() { return exchange_; }
  const Exchange& exchange() const { return exchange_; }
  const Match& match() const { return match_; }
  Place place() const { return place_; }

  // Events that do not end the exchange are delivered at the end of the turn, one at a time: any of
  // them may end it. tell_news() is true if it delivered one.
  void note_peer_finished() { peer_finished_ = !told_finished_; }
  bool tell_news();
  // The exchange is over: its handle becomes stale, and the listener gets this event.
  void finish(ExchangeEvent event);
  bool over() const { return over_; }

  std::shared_ptr<const BodyFile> body_file() const { return message_->file; }
  Output& trailers() { return message_->trailers; }
  const Output& trailers() const { return message_->trailers; }
  std::unique_ptr<IncomingMessage> take_message() { return std::move(message_); }

  // When the exchange must be answered.
  std::uint64_t deadline_ms = TimerWheel::no_deadline_ms;

  // --- the body of the request, on a route that streams it ---
  ArrivingBody body;
  Reason body_fault = Reason::none;
  // The peer's credit in time when reading was paused (CON-010).
  std::uint64_t body_credit_ms = 0;
  // The body has not arrived: a response before its end ends the connection, unless little of the
  // body is left.
  void await_body(Persistence behind_body) {
    behind_body_ = behind_body;
    body_awaited_ = true;
  }
  // The connection ends with the response, whether or not the body arrives.
  void end_connection() {
    behind_body_ = Persistence::close;
    exchange_.persist(behind_body_);
  }
  // Decides whether the connection may go on although the body has not fully arrived.
  void spare_connection(bool spared);
  // The connection would go on if the body had arrived.
  bool would_go_on() const { return behind_body_ != Persistence::close; }
  // The handler waits for a body that the client holds back until it gets a 100 (H1-071).
  bool wants_continue() const;
  void note_continue() { continued_ = true; }
  // The client asked for a 100 that was not sent, and the body has not arrived without it (H1-072).
  bool lacks_continue() const;

  // --- the response, if it is made piece by piece ---
  struct Response {
    std::uint16_t status = 0;
    bool ends_connection = false;  // asked for by the handler
    bool truncated = false;        // by a file that became shorter
  };
  Response response;
  bool response_begun() const { return response.status != 0; }
  // A write was not taken whole.
  void await_room() { room_awaited_ = true; }
  bool room_awaited() const { return room_awaited_; }
  // Another listener answers from now on.
  void hand_over(const ExchangeListener& listener) { listener_ = listener; }
  void note_room() { room_made_ = room_awaited_; }

 private:
  const RequestHead& keep_message(const Exchange& live);
  std::string_view keep_text(std::string_view text, const RequestHead& old_head);
  const Match& keep_match(const Exchange& live);

  const Place place_;
  std::unique_ptr<IncomingMessage> message_;
  Output texts_;  // decoded values, Allow and Location
  std::array<PathValue, path_values_max> values_;
  Match match_;
  ExchangeListener listener_;
  Exchange exchange_;
  Persistence behind_body_{};
  bool body_awaited_ = false;
  bool continued_ = false;
  bool room_awaited_ = false;
  bool room_made_ = false;
  bool over_ = false;
  bool peer_finished_ = false;
  bool told_finished_ = false;
};

}  // namespace pelton::http
