#include "http/serve/exchange.hpp"

#include "core/check.hpp"

namespace noria::http {

HeadFault Exchange::respond(const ResponseHead& head, std::string_view body) {
  if (const HeadFault fault = begin(head); fault != HeadFault::none) return fault;
  parts_.output.append(body);
  return finish();
}

HeadFault Exchange::begin(const ResponseHead& head) {
  CHECK(state_ == State::idle);
  const HeadFault fault = parts_.writer.begin(parts_.output, head, parts_.persistence,
                                              parts_.request.method == Method::head);
  if (fault == HeadFault::none) state_ = State::begun;
  return fault;
}

HeadFault Exchange::finish() {
  CHECK(state_ == State::begun);
  const HeadFault fault = parts_.writer.finish(parts_.output);
  state_ = fault == HeadFault::none ? State::finished : State::idle;
  return fault;
}

void Exchange::abandon() {
  CHECK(state_ == State::begun);
  parts_.writer.abandon(parts_.output);
  state_ = State::idle;
}

}  // namespace noria::http
