// What a route asks of a body before any of it is awaited: its type, its coding, how large it is.
#pragma once

#include <cstdint>

#include "core/reason.hpp"
#include "http/message/request_head.hpp"
#include "http/routing/route_table.hpp"
#include "http/serve/config.hpp"

namespace noria::http {

// Why a route that wants JSON (UPL-001) or a form (UPL-002, FRM-001) does not take the body of this
// head, or a coded one at all (UPL-003); none if it does, or wants nothing of the kind.
Reason unfit_body(const RequestHead& head, const RouteSettings& settings,
                  const ServerConfig& config);

// The route's own limit, or the server's of its kind of body (LIM-010, LIM-050).
inline std::uint64_t body_bytes_max_of(const RouteSettings& settings, const ServerConfig& config) {
  return settings.body_bytes_max.value_or(settings.takes_files ? config.multipart_bytes_max
                                                               : config.body_bytes_max);
}

}  // namespace noria::http
