// How a handler refers to an exchange that outlives its call: a handle that goes stale when the
// exchange is over, and a listener that is called for events until then.
#pragma once

#include <cstdint>

#include "core/memory/slab.hpp"

namespace pelton::http {

class Exchange;
class PendingExchange;

enum class ExchangeEvent : std::uint8_t {
  // The peer has sent its FIN; an answer may still reach it (CON-043).
  peer_finished,
  // take_body() has octets, or reports the end, after a call that returned none.
  body_arrived,
  // write() takes more, after a call that did not take all (RSP-023).
  writable,
  // Over: the body will never be whole, body_fault() says why. The client got a refusal, or the
  // connection was cut if the response had begun (H1-057, H1-069).
  body_refused,
  // Over: the peer is gone, and answers are dropped from now on (CON-044).
  peer_lost,
  // Over: the server ended it, such as at its time limit or at a stop's deadline.
  cancelled,
};

// Called on the loop's thread. If the exchange is over, its handle is already stale, and `exchange`
// may only be copied from during the call; the server destroys it.
struct ExchangeListener {
  using Call = void (*)(void* context, ExchangeEvent event, Exchange& exchange);

  Call call = nullptr;
  void* context = nullptr;

  void operator()(ExchangeEvent event, Exchange& exchange) const { call(context, event, exchange); }
};

// A plain value: freely copied, owns nothing. Used on the loop's thread, while the server lives.
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
