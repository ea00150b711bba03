// What the server answers itself, where no handler does.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/reason.hpp"
#include "http/message/content_type.hpp"
#include "http/message/request_head.hpp"
#include "http/message/response_head.hpp"
#include "http/routing/route_table.hpp"
#include "http/serve/endpoints.hpp"

namespace pelton::http {

struct Shared;

struct OwnAnswer {
  static constexpr std::size_t fields_max = 3;

  std::uint16_t status = 500;
  Reason reason = Reason::none;               // none: an ordinary answer, which is not counted
  const ContentType* content_type = nullptr;  // null: without content
  std::string_view text{};
  std::array<FieldView, 2> fields{};  // without values are left out
  std::string location{};             // empty: without Location

  // `room` holds its fields.
  ResponseHead head(std::array<FieldView, fields_max>& room) const;
};

// A request that is answered before it is routed: because of its host (H1-043) or its scheme, or by
// a middleware, for which the head is completed.
std::optional<OwnAnswer> answer_at_once(const Shared& shared, EndpointSource& ends,
                                        RequestHead& head);
// 503 (RSP-026).
OwnAnswer answer_shed(const Shared& shared, Reason reason);
// A request that cannot be read, or may not be served.
OwnAnswer answer_refused(const Shared& shared, Reason reason);
// No route has the request. Its texts are the match's own.
OwnAnswer answer_unmatched(const Shared& shared, const Match& match);
// The application's own handler may answer in its place; null: it may not.
const Handler* handler_of_unmatched(const Shared& shared, const Match& match);
// The body is none that the route takes: 415, without waiting for it (H1-058).
OwnAnswer answer_unfit(const Shared& shared, const RouteSettings& route, Reason reason);
// A handler has failed (500), or has taken too long (504).
OwnAnswer answer_failed(const Shared& shared, const RouteSettings* route, std::uint16_t status,
                        Reason reason);
// Why a request of this outcome did not reach a route; none if that is no fault.
Reason reason_of(MatchOutcome outcome);

}  // namespace pelton::http
