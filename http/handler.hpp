// The seam between the server and whoever answers: a function pointer and its context.
#pragma once

#include <cstdint>

namespace pelton::http {

class Exchange;

enum class Outcome : std::uint8_t {
  responded,  // a complete response was written
  failed,     // what was written is a 500, or nothing usable: then the server answers it (RSP-019)
  pending,    // the exchange was suspended and is ended later, see Exchange::suspend()
};

struct Handler {
  using Call = Outcome (*)(void* context, Exchange& exchange);

  Call call = nullptr;
  void* context = nullptr;

  Outcome operator()(Exchange& exchange) const { return call(context, exchange); }
};

}  // namespace pelton::http
