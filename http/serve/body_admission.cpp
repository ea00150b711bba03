#include "http/serve/body_admission.hpp"

#include <string_view>

#include "http/forms/form_type.hpp"
#include "http/message/folded_text.hpp"
#include "http/message/media_type.hpp"

namespace pelton::http {
namespace {

Reason unfit_form(std::string_view content_type, std::size_t boundary_bytes_max) {
  switch (form_type(content_type, boundary_bytes_max).kind) {
    case FormType::Kind::other:
      return Reason::answered_content_type;
    case FormType::Kind::bad_boundary:
      return Reason::answered_multipart_boundary;
    default:
      return Reason::none;
  }
}

}  // namespace

std::string_view content_type_of(const RequestHead& head) {
  for (const Field& field : head.fields) {
    if (field.known == FieldName::content_type) return head.text(field.value);
  }
  return {};
}

bool streams_parts(const RouteSettings& settings, const RequestHead& head) {
  return settings.streams_body &&
         form_type(content_type_of(head)).kind == FormType::Kind::multipart;
}

Reason unfit_body(const RequestHead& head, const RouteSettings& settings,
                  const ServerConfig& config) {
  if (!settings.wants_json && !settings.wants_form) return Reason::none;
  Reason reason = settings.wants_json && settings.untyped_is_json ? Reason::none
                                                                  : Reason::answered_content_type;
  for (const Field& field : head.fields) {
    if (field.known == FieldName::content_type) {
      const std::string_view type = head.text(field.value);
      if (settings.wants_form) {
        reason = unfit_form(type, config.multipart_boundary_bytes_max);
      } else {
        reason = is_json_type(type) ? Reason::none : Reason::answered_content_type;
      }
    } else if (folds_to<"content-encoding">(head.text(field.name)) &&
               !folds_to<"identity">(head.text(field.value))) {
      return Reason::answered_content_encoding;
    }
  }
  return reason;
}

bool is_worth_streaming(const RouteSettings& settings, const RequestHead& head,
                        const ServerConfig& config, std::uint64_t arrived_bytes) {
  if (!settings.streams_long_bodies || head.framing != BodyFraming::length) return false;
  if (arrived_bytes >= head.content_length) return false;
  return head.content_length > config.send_queue_bytes_high ||
         (head.expects_continue && arrived_bytes == 0);
}

MultipartLimits multipart_limits_of(const ServerConfig& config) {
  return {.parts_max = config.multipart_parts_max,
          .files_max = config.multipart_files_max,
          .field_bytes_max = config.multipart_field_bytes_max,
          .memory_bytes_max = config.multipart_memory_bytes_max,
          .part_headers_max = config.multipart_part_headers_max,
          .part_header_bytes_max = config.multipart_part_header_bytes_max,
          .slack_bytes_max = config.multipart_slack_bytes_max};
}

Reason cut_reason_of(Reason refusal) {
  switch (refusal) {
    case Reason::refused_body_too_large:
      return Reason::cut_body_too_large;
    case Reason::refused_body_too_slow:
      return Reason::cut_body_too_slow;
    case Reason::shed_memory:
      return Reason::cut_memory;
    default:
      return Reason::cut_body_truncated;
  }
}

}  // namespace pelton::http
