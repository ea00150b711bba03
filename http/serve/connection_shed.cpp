// A good request that is turned away because the worker lacks what it takes (protocol 11.5).
#include <array>

#include "http/serve/connection.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

// True if the request has its answer. The connection goes on: what is short comes back (RSP-026).
bool Connection::shed(const RequestHead& head, std::string_view rest) {
  const Reason reason = shared_.shed_reason();
  if (reason == Reason::none) return false;
  shared_.tell(reason, this);
  const RefusalBodies& bodies = shared_.refusal_bodies;
  const std::array<FieldView, 2> fields{{{"Retry-After", "1"}, {"Cache-Control", "no-store"}}};
  answer_whole(
      head,
      {.status = refusal_status(reason), .content_type = &bodies.content_type(), .fields = fields},
      bodies.of_reason(reason), persistence_with_unread(head, rest), reason);
  return true;
}

// True if the request has gone another way than that of nearly all.
bool Connection::begin_rarely(const RequestHead& head, std::string_view rest) {
  if (shared_.may_shed && shed(head, rest)) return true;
  return head.has_upgrade && upgrade(head);
}

}  // namespace pelton::http
