// An exchange whose handler has returned without an answer: the request in memory of its own, its
// body as it arrives, the response as it leaves, and who is told of what happens to it. A
// connection has at most one and ends it at the latest with itself.
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

  // `message` holds the octets of the live exchange already, or is empty: then they are copied.
  PendingExchange(Place place, const Exchange& live, SuspendedHost& keeper,
                  std::unique_ptr<IncomingMessage> message, BlockPool& blocks,
                  const ExchangeListener& listener);
  PendingExchange(const PendingExchange&) = delete;
  PendingExchange& operator=(const PendingExchange&) = delete;

  Exchange& exchange() { return exchange_; }
  const Exchange& exchange() const { return exchange_; }
  const Match& match() const { return match_; }
  Place place() const { return place_; }

  // What leaves the exchange alive is told at the end of the turn, one thing at a time, since any
  // may end it: true if something was told.
  void note_peer_finished() { peer_finished_ = !told_finished_; }
  bool tell_news();
  // The exchange is over: its handle is stale from here on, and the listener knows why.
  void finish(ExchangeEvent event);
  bool over() const { return over_; }

  std::shared_ptr<const BodyFile> body_file() const { return message_->file; }
  std::unique_ptr<IncomingMessage> take_message() { return std::move(message_); }

  // Till when it is to be answered.
  std::uint64_t deadline_ms = TimerWheel::no_deadline_ms;

  // --- the body of the request, on a route that streams it ---
  ArrivingBody body;
  Reason body_fault = Reason::none;
  // Of the peer's credit in time when reading was paused (CON-010).
  std::uint64_t body_credit_ms = 0;
  // The body is awaited: the connection ends with a response ahead of its end, unless little is
  // left of it.
  void await_body(Persistence behind_body) {
    behind_body_ = behind_body;
    body_awaited_ = true;
  }
  // The connection ends with the response, whatever comes of the body.
  void end_connection() {
    behind_body_ = Persistence::close;
    exchange_.persist(behind_body_);
  }
  // Whether the connection may go on though the body has not all come.
  void spare_connection(bool spared);
  // But for its body, the connection would go on.
  bool would_go_on() const { return behind_body_ != Persistence::close; }
  // The handler waits for a body that the peer holds back until it is told to go on (H1-071).
  bool wants_continue() const;
  void note_continue() { continued_ = true; }
  // The 100 that was asked for has not been sent, and the body is not here without it (H1-072).
  bool lacks_continue() const;

  // --- the response, if it is made piece by piece ---
  struct Response {
    std::uint16_t status = 0;
    bool ends_connection = false;  // the handler's own wish
    bool truncated = false;        // of a file that became shorter
  };
  Response response;
  bool response_begun() const { return response.status != 0; }
  // A write was not taken whole.
  void await_room() { room_awaited_ = true; }
  bool room_awaited() const { return room_awaited_; }
  // Somebody else answers from now on.
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
