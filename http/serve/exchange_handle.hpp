// What a handler holds of an exchange that outlives its call: a name that goes stale when the
// exchange is over, and a listener that is told what happens to it meanwhile.
#pragma once

#include <cstdint>

#include "core/memory/slab.hpp"

namespace pelton::http {

class Exchange;
class PendingExchange;

enum class ExchangeEvent : std::uint8_t {
  // The peer has sent its FIN; an answer may still reach it (CON-043).
  peer_finished,
  // take_body() has something for who got nothing, if only the end.
  body_arrived,
  // write() takes more, for who was left with a rest (RSP-023).
  writable,
  // Over: the body will never be whole, body_fault() says why. The peer got a refusal, or was cut
  // if the response had begun (H1-057, H1-069).
  body_refused,
  // Over, the peer is gone: what is answered from now on is dropped (CON-044).
  peer_lost,
  // Over, we ended it: its time limit, or the deadline of a stop.
  cancelled,
};

// Called on the loop's thread. Of an exchange that is over its handle is stale already, and the
// argument is there to copy from for the time of the call; the server owns it and takes it away.
struct ExchangeListener {
  using Call = void (*)(void* context, ExchangeEvent event, Exchange& exchange);

  Call call = nullptr;
  void* context = nullptr;

  void operator()(ExchangeEvent event, Exchange& exchange) const { call(context, event, exchange); }
};

// A plain value: copied freely, owning nothing. To be used on the loop's thread while the server
// lives.
class ExchangeHandle {
 public:
  ExchangeHandle() = default;
  ExchangeHandle(Slab<PendingExchange>& pending, Slab<PendingExchange>::Place place)
      : pending_(&pending), slot_(place.slot), generation_(place.generation) {}

  // Null once the exchange has ended or is over.
  Exchange* get() const;

 private:
  Slab<PendingExchange>* pending_ = nullptr;
  std::uint32_t slot_ = 0;
  std::uint32_t generation_ = 0;
};

}  // namespace pelton::http
