// A handler: the function pointer and context that the server calls to answer an exchange.
#pragma once

#include <cstdint>

namespace pelton::http {

class Exchange;

enum class Outcome : std::uint8_t {
  responded,  // a complete response was written
  failed,     // the response is a 500, or there is none: then the server answers with one (RSP-019)
  pending,    // the exchange was suspended and is ended later, see Exchange::suspend()
};

struct Handler {
  using Call = Outcome (*)(void* context, Exchange& exchange);

  Call call = nullptr;
  void* context = nullptr;

  Outcome operator()(Exchange& exchange) const { return call(context, exchange); }
};

}  // namespace pelton::http
