#include "http/serve/exchange.hpp"

#include "core/check.hpp"
#include "http/serve/request_origin.hpp"

namespace pelton::http {

Exchange::Exchange(const Exchange& live, SuspendedHost& keeper, const RequestHead& request,
                   std::string_view body, const Match& match)
    : parts_({.request = request,
              .body = body,
              .match = match,
              .host = live.parts_.host,
              .sink = live.parts_.sink}),
      keeper_(&keeper),
      state_(live.state_) {}

const Endpoints& Exchange::endpoints() const {
  const RequestOrigin* const origin = forwarded();
  return origin != nullptr ? origin->ends : parts_.host.endpoints();
}

bool Exchange::is_secure() const {
  const RequestOrigin* const origin = forwarded();
  return origin != nullptr ? origin->is_secure : parts_.host.is_secure();
}

ExchangeHandle Exchange::suspend(const ExchangeListener& listener) {
  CHECK(state_ == State::idle);
  const ExchangeHandle handle = parts_.host.suspend(*this, listener);
  state_ = State::suspended;
  return handle;
}

ExchangeHandle Exchange::take_over(const ExchangeListener& listener) {
  CHECK(state_ == State::idle);
  const ExchangeHandle handed_over = parts_.host.hand_over(listener);
  return handed_over.get() != nullptr ? handed_over : suspend(listener);
}

HeadFault Exchange::respond(const ResponseHead& head, std::string_view body) {
  if (const HeadFault fault = begin(head); fault != HeadFault::none) return fault;
  if (!parts_.sink.body_output().append(body)) [[unlikely]] {
    abandon();
    return HeadFault::memory;
  }
  return finish();
}

void Exchange::abandon() {
  CHECK(state_ == State::begun);
  parts_.sink.abandon();
  state_ = State::idle;
}

}  // namespace pelton::http
