#include "http/serve/own_answer.hpp"

#include "core/check.hpp"
#include "http/message/authority.hpp"
#include "http/message/percent.hpp"
#include "http/serve/request_origin.hpp"
#include "http/serve/shared.hpp"

namespace pelton::http {

namespace {

struct MatchAnswer {
  std::uint16_t status;
  Reason reason;
};

MatchAnswer answer_to(MatchOutcome outcome) {
  switch (outcome) {
    case MatchOutcome::found:
      break;
    case MatchOutcome::not_found:
      return {404, Reason::answered_not_found};
    case MatchOutcome::method_not_allowed:
      return {405, Reason::answered_method_not_allowed};
    case MatchOutcome::method_unknown:
      return {501, Reason::answered_method_unknown};
    case MatchOutcome::trace_disabled:
      return {405, Reason::answered_trace_disabled};
    case MatchOutcome::path_not_utf8:
      return {400, Reason::answered_path_not_utf8};
    case MatchOutcome::automatic_options:
      return {204, Reason::none};
    case MatchOutcome::redirect:
      return {308, Reason::none};
    case MatchOutcome::websocket_required:
      return {426, Reason::answered_websocket_required};
  }
  CHECK(!"a route that was found is dispatched");
  return {};
}

// `origin`: what a trusted proxy says; null: there is none.
bool came_by_https(EndpointSource& ends, const RequestOrigin* origin) {
  return origin != nullptr ? origin->is_secure : ends.is_secure();
}

// The authority that a request names. A trusted proxy may name it in the client's place; without
// Host it is the address that the client reached (H1-040).
std::string authority_of(const RequestHead& head, const RequestOrigin* origin,
                         EndpointSource& ends) {
  if (origin != nullptr && !origin->authority.empty()) return origin->authority;
  const std::string_view authority = head.text(head.authority);
  if (!authority.empty()) return std::string(authority);
  const std::string& server = ends.endpoints().server_host;
  return server.contains(':') ? '[' + server + ']' : server;
}

// The same place by https.
std::string https_location(const RequestHead& head, const RequestOrigin* origin,
                           std::string_view host, std::uint16_t port) {
  std::string location = "https://";
  location += host;
  if (port != https_port) location += ':' + std::to_string(port);
  if (origin != nullptr) append_path_escaped(location, origin->root_path);
  // The target may be a whole URL, without a path too, or an asterisk.
  const std::string_view path = head.text(head.path);
  location += path.starts_with('/') ? path : "/";
  const std::string_view query = head.text(head.query);
  if (!query.empty()) location.append("?").append(query);
  return location;
}

// With the body of its status, in the shape of the route's errors.
OwnAnswer answer_of(const RefusalBodies& bodies, std::uint16_t status, Reason reason) {
  return {.status = status,
          .reason = reason,
          .content_type = &bodies.content_type(),
          .text = bodies.of_status(status)};
}

// Another host than those that are served, or http where https is.
std::optional<OwnAnswer> answer_elsewhere(const Shared& shared, EndpointSource& ends,
                                          const RequestHead& head) {
  if (shared.allowed_hosts.allows_all() && shared.https_port == 0) return std::nullopt;
  const RequestOrigin* const origin = ends.forwarded(head);
  const std::string authority = authority_of(head, origin, ends);
  const bool redirects = shared.https_port != 0 && !came_by_https(ends, origin);
  // Without Host, a request on a Unix socket names no place to redirect to.
  Authority parts;
  if (!shared.allowed_hosts.allows(authority) || (redirects && !read_authority(authority, parts))) {
    const Reason reason = Reason::answered_host_not_allowed;
    return answer_of(shared.refusal_bodies, refusal_status(reason), reason);
  }
  if (!redirects) return std::nullopt;
  return OwnAnswer{.status = 308,
                   .location = https_location(head, origin, parts.host, shared.https_port)};
}

}  // namespace

ResponseHead OwnAnswer::head(std::array<FieldView, fields_max>& room) const {
  std::size_t count = 0;
  for (const FieldView& field : fields) {
    if (!field.value.empty()) room[count++] = field;
  }
  if (!location.empty()) room[count++] = {"Location", location};
  return {.status = status, .content_type = content_type, .fields = std::span(room).first(count)};
}

std::optional<OwnAnswer> answer_at_once(const Shared& shared, EndpointSource& ends,
                                        RequestHead& head) {
  if (shared.chain) {
    shared.chain->number(head);
    if (shared.chain->reads_scheme()) {
      head.is_secure = came_by_https(ends, ends.forwarded(head));
    }
  }
  if (std::optional<OwnAnswer> answer = answer_elsewhere(shared, ends, head)) return answer;
  if (!shared.chain) return std::nullopt;
  const std::optional<middleware::Answer> answer = shared.chain->before(head);
  if (!answer) return std::nullopt;
  static const ContentType plain_text("text/plain; charset=utf-8");
  return OwnAnswer{.status = answer->status,
                   .content_type = answer->text.empty() ? nullptr : &plain_text,
                   .text = answer->text};
}

OwnAnswer answer_shed(const Shared& shared, Reason reason) {
  OwnAnswer answer = answer_refused(shared, reason);
  answer.fields[1] = {"Retry-After", "1"};
  return answer;
}

OwnAnswer answer_refused(const Shared& shared, Reason reason) {
  const RefusalBodies& bodies = shared.refusal_bodies;
  return {.status = refusal_status(reason),
          .reason = reason,
          .content_type = &bodies.content_type(),
          .text = bodies.of_reason(reason),
          .fields = {{{"Cache-Control", "no-store"}, {}}}};
}

OwnAnswer answer_unmatched(const Shared& shared, const Match& match) {
  const auto [status, reason] = answer_to(match.outcome);
  OwnAnswer answer = status < 400
                         ? OwnAnswer{.status = status, .reason = reason}
                         : answer_of(shared.refusal_bodies_of(match.route), status, reason);
  answer.fields = {{{"Allow", match.allow}, {"Location", match.location}}};
  return answer;
}

const Handler* handler_of_unmatched(const Shared& shared, const Match& match) {
  const bool is_own = match.route == nullptr;
  const Handler& handler = is_own ? shared.unmatched : match.route->handler;
  const bool takes_all = is_own ? shared.unmatched_takes_all : match.route->takes_all_unmatched;
  if (handler.call == nullptr) return nullptr;
  switch (match.outcome) {
    case MatchOutcome::not_found:
    case MatchOutcome::method_not_allowed:
      return &handler;
    case MatchOutcome::automatic_options:
    case MatchOutcome::redirect:
      return takes_all ? &handler : nullptr;
    default:
      return nullptr;
  }
}

OwnAnswer answer_unfit(const Shared& shared, const RouteSettings& route, Reason reason) {
  OwnAnswer answer = answer_of(shared.refusal_bodies_of(&route), refusal_status(reason), reason);
  if (reason == Reason::answered_content_encoding)
    answer.fields[0] = {"Accept-Encoding", "identity"};
  return answer;
}

OwnAnswer answer_failed(const Shared& shared, const RouteSettings* route, std::uint16_t status,
                        Reason reason) {
  return answer_of(shared.refusal_bodies_of(route), status, reason);
}

Reason reason_of(MatchOutcome outcome) {
  return outcome == MatchOutcome::found ? Reason::none : answer_to(outcome).reason;
}

}  // namespace pelton::http
