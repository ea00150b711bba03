// One request and its answer, as a handler sees them. Valid until the handler returns; a handler
// that needs octets for longer copies them then and there.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/check.hpp"
#include "core/memory/output.hpp"
#include "http/h1/response_writer.hpp"
#include "http/message/request_head.hpp"
#include "http/message/response_head.hpp"
#include "http/routing/match.hpp"
#include "http/routing/route_table.hpp"
#include "http/serve/endpoints.hpp"

namespace noria::http {

class Exchange {
 public:
  struct Parts {
    const RequestHead& request;
    std::string_view body;
    const Match& match;
    EndpointSource& endpoint_source;
    h1::ResponseWriter& writer;
    Output& output;
    h1::Persistence persistence;
  };

  explicit Exchange(const Parts& parts) : parts_(parts) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const RequestHead& request() const { return parts_.request; }
  // The whole body, its framing removed. Empty if there was none.
  std::string_view body() const { return parts_.body; }
  // The route that was found; for a server's `unmatched` handler the reason why none was.
  const Match& match() const { return parts_.match; }
  // Values of the template's parameters, in the order they stand in it.
  std::span<const PathValue> path_values() const { return parts_.match.values; }
  const Endpoints& endpoints() const { return parts_.endpoint_source.endpoints(); }

  // A complete response in one call.
  HeadFault respond(const ResponseHead& head, std::string_view body);

  // Or in steps: append the body to body_output() between begin() and finish(); Content-Length is
  // patched in place. After a fault nothing is left of the attempt and another begin() may follow.
  HeadFault begin(const ResponseHead& head) {
    CHECK(state_ == State::idle);
    const HeadFault fault = parts_.writer.begin(parts_.output, head, parts_.persistence,
                                                parts_.request.method == Method::head);
    if (fault == HeadFault::none) state_ = State::begun;
    return fault;
  }
  Output& body_output() { return parts_.output; }
  HeadFault begin(const ReadyHead& head) {
    CHECK(state_ == State::idle);
    const HeadFault fault = parts_.writer.begin(parts_.output, head, parts_.persistence,
                                                parts_.request.method == Method::head);
    if (fault == HeadFault::none) state_ = State::begun;
    return fault;
  }
  HeadFault finish() {
    CHECK(state_ == State::begun);
    const HeadFault fault = parts_.writer.finish(parts_.output);
    state_ = fault == HeadFault::none ? State::finished : State::idle;
    return fault;
  }
  // Takes back everything since begin().
  void abandon();

  bool responded() const { return state_ == State::finished; }
  // Once responded.
  std::uint16_t status() const { return parts_.writer.status_in(parts_.output); }
  bool begun() const { return state_ == State::begun; }

 private:
  enum class State : std::uint8_t { idle, begun, finished };

  Parts parts_;
  State state_ = State::idle;
};

}  // namespace noria::http
