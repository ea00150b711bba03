// A route's settings besides its template; also those of what answers where no route is found.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "http/handler.hpp"
#include "http/message/refusal.hpp"

namespace pelton::http {

// Whole cache lines, so that a shift and an addition turn an index into an address.
struct alignas(64) RouteSettings {
  Handler handler;
  std::optional<std::uint64_t> body_bytes_max;  // absent: the server's limit
  bool wants_json = false;           // refuses other types before the body is read (UPL-001)
  bool untyped_is_json = false;      // with wants_json: accepts no Content-Type
  bool wants_form = false;           // refuses other types before the body is read (UPL-002)
  bool takes_files = false;          // the default limit is that of multipart bodies (LIM-050)
  bool streams_long_bodies = false;  // the same as `streams_body`, for bodies that are worth it
  std::optional<std::uint64_t> timeout_ms;  // until the response begins; absent: the server's
  bool streams_body = false;  // the handler starts after the head and reads the body as it arrives
  bool is_websocket = false;  // the handler suspends, then accepts or answers (WS-006)
  bool websocket_any_origin = false;           // the application decides (WS-004)
  bool websocket_lists_origins = false;        // else the server's list applies
  std::vector<std::string> websocket_origins;  // besides the request's own; "*" lists all
  std::optional<ErrorShape> error_shape;       // absent: the server's
  bool takes_all_unmatched = false;  // a mount: also requests that need no handler, such as OPTIONS
  std::uint32_t tag = 0;             // the application's own
  std::string path;                  // the template, for the log
};

static_assert(sizeof(RouteSettings) == 128);

}  // namespace pelton::http
