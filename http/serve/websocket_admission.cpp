#include "http/serve/websocket_admission.hpp"

#include "http/serve/request_origin.hpp"
#include "http/serve/shared.hpp"
#include "http/websocket/handshake.hpp"

namespace pelton::http {

Reason websocket_refusal(const Shared& shared, EndpointSource& ends, const RequestHead& head,
                         const RouteSettings& route) {
  const Reason reason = websocket::read_handshake(head).reason;
  if (reason != Reason::none || route.websocket_any_origin) return reason;
  const auto& origins =
      route.websocket_lists_origins ? route.websocket_origins : shared.websocket_rules.origins;
  const RequestOrigin* const origin = ends.forwarded(head);
  const bool passes = origin == nullptr ? websocket::origin_passes(head, origins, ends.is_secure())
                                        : websocket::origin_passes(head, origins, origin->is_secure,
                                                                   origin->authority);
  return passes ? Reason::none : Reason::refused_websocket_origin;
}

}  // namespace pelton::http
