// An exchange whose handler has returned without an answer: the request in memory of its own, and
// who is told of what happens to it. A connection has at most one and ends it at the latest with
// itself.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "core/memory/output.hpp"
#include "core/memory/slab.hpp"
#include "http/routing/match.hpp"
#include "http/routing/route_table.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/exchange_handle.hpp"
#include "http/serve/parked_message.hpp"

namespace noria::http {

class PendingExchange {
 public:
  using Place = Slab<PendingExchange>::Place;

  // `message` holds the octets of the live exchange already, or is empty: then they are copied.
  PendingExchange(Place place, const Exchange& live, std::unique_ptr<ParkedMessage> message,
                  BlockPool& blocks, const ExchangeListener& listener);
  PendingExchange(const PendingExchange&) = delete;
  PendingExchange& operator=(const PendingExchange&) = delete;

  Exchange& exchange() { return exchange_; }
  const Match& match() const { return match_; }
  Place place() const { return place_; }

  // Something that leaves the exchange alive; told at the end of the turn.
  void note_peer_finished() { peer_finished_ = !told_finished_; }
  void tell_news();
  // The exchange is over: its handle is stale from here on, and the listener knows why.
  void finish(ExchangeEvent event);
  bool over() const { return over_; }

  std::unique_ptr<ParkedMessage> take_message() { return std::move(message_); }

 private:
  const RequestHead& keep_message(const Exchange& live);
  std::string_view keep_text(std::string_view text, const RequestHead& old_head);
  const Match& keep_match(const Exchange& live);

  const Place place_;
  std::unique_ptr<ParkedMessage> message_;
  Output texts_;  // decoded values, Allow and Location
  std::array<PathValue, path_values_max> values_;
  Match match_;
  const ExchangeListener listener_;
  Exchange exchange_;
  bool over_ = false;
  bool peer_finished_ = false;
  bool told_finished_ = false;
};

}  // namespace noria::http
