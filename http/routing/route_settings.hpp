// What a route says of its requests beside its template, and what answers where no route is found.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "http/handler.hpp"
#include "http/message/refusal.hpp"

namespace pelton::http {

// In whole cache lines, so that a route's is a shift and an addition away.
struct alignas(64) RouteSettings {
  Handler handler;
  std::optional<std::uint64_t> body_bytes_max;  // absent: the server's limit
  bool wants_json = false;       // another type is refused before the body is awaited (UPL-001)
  bool untyped_is_json = false;  // with wants_json: no Content-Type at all is accepted
  bool wants_form = false;       // another type is refused before the body is awaited (UPL-002)
  bool takes_files = false;      // without a limit of its own: that of multipart bodies (LIM-050)
  std::optional<std::uint64_t> timeout_ms;  // till the response has begun; absent: the server's
  bool streams_body = false;  // the handler starts behind the head and takes the body as it comes
  bool is_websocket = false;  // the handler suspends, then accepts or answers (WS-006)
  bool websocket_any_origin = false;           // the application decides (WS-004)
  bool websocket_lists_origins = false;        // else the server's list holds
  std::vector<std::string> websocket_origins;  // beside the request's own; "*" lists all
  std::optional<ErrorShape> error_shape;       // absent: the server's
  bool takes_all_unmatched = false;  // of a mount: also what needs no handler, such as OPTIONS
  std::uint32_t tag = 0;             // the application's own
  std::string path;                  // the template, for the log
};

static_assert(sizeof(RouteSettings) == 128);

}  // namespace pelton::http
