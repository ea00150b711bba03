#include "http/message/refusal.hpp"

#include "core/check.hpp"
#include "http/message/status.hpp"

namespace pelton::http {
namespace {

// 0 for a reason without a status. Every reason but plain bad syntax is listed.
std::uint16_t status_of(Reason reason) {
  switch (reason) {
    case Reason::refused_websocket_origin:
      return 403;
    case Reason::answered_not_found:
      return 404;
    case Reason::answered_method_not_allowed:
    case Reason::answered_trace_disabled:
      return 405;
    case Reason::refused_header_timeout:
    case Reason::refused_body_too_slow:
      return 408;
    case Reason::refused_body_too_large:
    case Reason::refused_multipart_parts:
    case Reason::refused_multipart_field:
    case Reason::refused_multipart_memory:
    case Reason::answered_form_fields:
      return 413;
    case Reason::refused_request_line_too_long:
      return 414;
    case Reason::answered_content_type:
    case Reason::answered_content_encoding:
      return 415;
    case Reason::refused_expect_unknown:
      return 417;
    case Reason::answered_host_not_allowed:
      return 421;
    case Reason::refused_websocket_version:
    case Reason::answered_websocket_required:
      return 426;
    case Reason::refused_trailer_too_large:
    case Reason::refused_header_line_too_long:
    case Reason::refused_header_section_too_large:
    case Reason::refused_header_count:
    case Reason::answered_cookie_count:
      return 431;
    case Reason::refused_method_too_long:
    case Reason::refused_connect_unsupported:
    case Reason::refused_transfer_coding_unknown:
    case Reason::answered_method_unknown:
      return 501;
    case Reason::shed_handler_queue:
    case Reason::shed_handlers_running:
    case Reason::shed_memory:
    case Reason::shed_descriptors:
      return 503;
    case Reason::refused_version_unsupported:
      return 505;
    case Reason::answered_spool_full:
      return 507;
    default: {
      const std::string_view counter_class = reason_row(reason).counter_class;
      return counter_class == "refused" || counter_class == "answered" ? 400 : 0;
    }
  }
}

// Phrases and reason words need no escaping: letters, spaces, hyphens and underscores.
std::string text_of(ErrorShape shape, std::uint16_t status, std::string_view word) {
  const std::string phrase(standard_phrase(status));
  std::string text;
  if (shape == ErrorShape::detail) {
    text = "{\"detail\":\"" + phrase + '"';
  } else {
    text = "{\"type\":\"about:blank\",\"title\":\"" + phrase +
           "\",\"status\":" + std::to_string(status);
    // The reason serves as the detail; without one, readers of RFC 9457 still look for the member.
    if (word.empty()) text += ",\"detail\":\"" + phrase + '"';
  }
  if (!word.empty()) text += ",\"reason\":\"" + std::string(word) + '"';
  text += '}';
  return text;
}

}  // namespace

std::uint16_t refusal_status(Reason reason) {
  const std::uint16_t status = status_of(reason);
  CHECK(status != 0);
  return status;
}

RefusalBodies::RefusalBodies(ErrorShape shape)
    : content_type_(shape == ErrorShape::detail ? "application/json" : "application/problem+json") {
  for (std::size_t index = 0; index < by_reason_.size(); ++index) {
    const auto reason = static_cast<Reason>(index);
    const std::uint16_t status = status_of(reason);
    if (status != 0) by_reason_[index] = text_of(shape, status, reason_row(reason).word);
  }
  for (std::size_t index = 0; index < by_status_.size(); ++index) {
    by_status_[index] = text_of(shape, static_cast<std::uint16_t>(status_min + index), {});
  }
}

std::string_view RefusalBodies::of_reason(Reason reason) const {
  const std::string& text = by_reason_[static_cast<std::size_t>(reason)];
  CHECK(!text.empty());
  return text;
}

std::string_view RefusalBodies::of_status(std::uint16_t status) const {
  CHECK(status >= status_min && status - status_min < status_count);
  return by_status_[status - status_min];
}

}  // namespace pelton::http
