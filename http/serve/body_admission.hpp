// What a route asks of a body before any of it is awaited: its type, its coding, how large it is.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/reason.hpp"
#include "http/message/request_head.hpp"
#include "http/routing/route_table.hpp"
#include "http/serve/config.hpp"

namespace pelton::http {

// Why a route that wants JSON (UPL-001) or a form (UPL-002, FRM-001) does not take the body of this
// head, or a coded one at all (UPL-003); none if it does, or wants nothing of the kind.
Reason unfit_body(const RequestHead& head, const RouteSettings& settings,
                  const ServerConfig& config);

// Of the one Content-Type there may be.
std::string_view content_type_of(const RequestHead& head);

// Whether a body that its handler takes as it comes is one that may be read by its parts.
bool streams_parts(const RouteSettings& settings, const RequestHead& head);

// The route's own limit, or the server's of its kind of body (LIM-010, LIM-050).
inline std::uint64_t body_bytes_max_of(const RouteSettings& settings, const ServerConfig& config,
                                       const RequestHead& head) {
  if (settings.body_bytes_max) return *settings.body_bytes_max;
  const bool has_parts = settings.takes_files || streams_parts(settings, head);
  return has_parts ? config.multipart_bytes_max : config.body_bytes_max;
}

}  // namespace pelton::http
