// A handler that streams both ways: it answers with the body of the request, driven by nothing but
// what it is told. Its route streams the body and names in a parameter how the response goes:
// `early` begins it ahead of the body and sends each piece as it comes, anything else collects the
// body and declares its length.
#pragma once

#include "http/serve/exchange.hpp"

namespace pelton::http {

Outcome relay(void* context, Exchange& exchange);

}  // namespace pelton::http
