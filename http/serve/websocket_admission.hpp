// Whether a request that asks for a WebSocket may have it.
#pragma once

#include "core/reason.hpp"
#include "http/message/request_head.hpp"
#include "http/routing/route_settings.hpp"
#include "http/serve/endpoints.hpp"

namespace pelton::http {

struct Shared;

// Why a handshake on this route is refused (WS-002 to WS-004); none if it is not.
Reason websocket_refusal(const Shared& shared, EndpointSource& ends, const RequestHead& head,
                         const RouteSettings& route);

}  // namespace pelton::http
