#include "http/serve/exchange.hpp"

#include "core/check.hpp"

namespace noria::http {

HeadFault Exchange::respond(const ResponseHead& head, std::string_view body) {
  if (const HeadFault fault = begin(head); fault != HeadFault::none) return fault;
  parts_.output.append(body);
  return finish();
}

void Exchange::abandon() {
  CHECK(state_ == State::begun);
  parts_.writer.abandon(parts_.output);
  state_ = State::idle;
}

}  // namespace noria::http
