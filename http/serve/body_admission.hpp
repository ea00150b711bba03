// What a route demands of a body before any of it is read: its type, coding and size.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/reason.hpp"
#include "http/forms/multipart_parser.hpp"
#include "http/message/request_head.hpp"
#include "http/routing/route_table.hpp"
#include "http/serve/config.hpp"

namespace pelton::http {

// Why a route that takes JSON (UPL-001) or a form (UPL-002, FRM-001) refuses the body of this head:
// for its type, or because it is coded (UPL-003); none if it does not.
Reason unfit_body(const RequestHead& head, const RouteSettings& settings,
                  const ServerConfig& config);

// Whether a handler that can may as well read a body while it arrives, of which `arrived_bytes`
// have. A short one arrives first, so that a slow client does not keep a handler waiting; unless it
// waits for a 100, which the handler may not want to be sent.
bool is_worth_streaming(const RouteSettings& settings, const RequestHead& head,
                        const ServerConfig& config, std::uint64_t arrived_bytes);

// What a form's body may consist of.
MultipartLimits multipart_limits_of(const ServerConfig& config);

// The reason to end a response that has begun, so that no status can be sent, where `refusal` is
// why its request's body is not taken.
Reason cut_reason_of(Reason refusal);

// The value of Content-Type, of which there is at most one.
std::string_view content_type_of(const RequestHead& head);

// Whether the route streams the body and the body is multipart.
bool streams_parts(const RouteSettings& settings, const RequestHead& head);

// The route's own limit, or the server's for this kind of body (LIM-010, LIM-050).
inline std::uint64_t body_bytes_max_of(const RouteSettings& settings, const ServerConfig& config,
                                       const RequestHead& head) {
  if (settings.body_bytes_max) return *settings.body_bytes_max;
  const bool has_parts = settings.takes_files || streams_parts(settings, head);
  return has_parts ? config.multipart_bytes_max : config.body_bytes_max;
}

}  // namespace pelton::http
