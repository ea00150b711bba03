#include "http/message/refusal.hpp"

#include <gtest/gtest.h>

#include <string>

#include "http/message/status.hpp"

namespace pelton::http {
namespace {

TEST(Refusal, H1_093_statuses) {
  const std::pair<Reason, int> rows[] = {
      {Reason::refused_line_bare_lf, 400},
      {Reason::refused_method_too_long, 501},
      {Reason::refused_connect_unsupported, 501},
      {Reason::refused_version_unsupported, 505},
      {Reason::refused_version_malformed, 400},
      {Reason::refused_host_missing, 400},
      {Reason::refused_transfer_encoding, 400},
      {Reason::refused_transfer_coding_unknown, 501},
      {Reason::refused_body_too_large, 413},
      {Reason::refused_trailer_too_large, 431},
      {Reason::refused_trailer_forbidden, 400},
      {Reason::refused_body_truncated, 400},
      {Reason::refused_expect_unknown, 417},
      {Reason::refused_header_timeout, 408},
      {Reason::refused_body_too_slow, 408},
      {Reason::refused_head_truncated, 400},
      {Reason::refused_request_line_too_long, 414},
      {Reason::refused_header_line_too_long, 431},
      {Reason::refused_header_section_too_large, 431},
      {Reason::refused_header_count, 431},
      {Reason::answered_method_not_allowed, 405},
      {Reason::answered_method_unknown, 501},
      {Reason::answered_trace_disabled, 405},
      {Reason::answered_host_not_allowed, 421},
      {Reason::answered_path_not_utf8, 400},
      {Reason::answered_not_found, 404},
      {Reason::answered_cookie_count, 431},
      {Reason::answered_query_fields, 400},
      {Reason::answered_content_type, 415},
      {Reason::answered_json_syntax, 400},
      {Reason::refused_multipart_parts, 413},
      {Reason::refused_multipart_field, 413},
      {Reason::refused_multipart_memory, 413},
      {Reason::refused_multipart_part_headers, 400},
      {Reason::refused_multipart_slack, 400},
      {Reason::refused_multipart_syntax, 400},
      {Reason::answered_form_fields, 413},
      {Reason::answered_multipart_boundary, 400},
      {Reason::answered_form_not_utf8, 400},
      {Reason::answered_spool_full, 507},
  };
  for (const auto& [reason, status] : rows) {
    EXPECT_EQ(refusal_status(reason), status) << reason_row(reason).word;
  }
}

TEST(Refusal, H1_093_every_refusal_has_a_body_in_both_shapes) {
  const RefusalBodies detail(ErrorShape::detail);
  const RefusalBodies problem(ErrorShape::problem);
  for (std::size_t index = 0; index < reason_count; ++index) {
    const auto reason = static_cast<Reason>(index);
    const ReasonRow& row = reason_row(reason);
    if (row.counter_class != "refused" && row.counter_class != "answered") continue;
    const std::uint16_t status = refusal_status(reason);
    const std::string phrase(standard_phrase(status));
    const std::string word(row.word);
    EXPECT_FALSE(phrase.empty()) << word;
    EXPECT_EQ(detail.content_type().text(), "application/json");
    EXPECT_EQ(detail.of_reason(reason),
              "{\"detail\":\"" + phrase + "\",\"reason\":\"" + word + "\"}");
    EXPECT_EQ(problem.content_type().text(), "application/problem+json");
    EXPECT_EQ(problem.of_reason(reason), "{\"type\":\"about:blank\",\"title\":\"" + phrase +
                                             "\",\"status\":" + std::to_string(status) +
                                             ",\"reason\":\"" + word + "\"}");
  }
}

TEST(Refusal, statuses_without_a_reason) {
  const RefusalBodies detail(ErrorShape::detail);
  const RefusalBodies problem(ErrorShape::problem);
  EXPECT_EQ(detail.of_status(404), "{\"detail\":\"Not Found\"}");
  EXPECT_EQ(detail.of_status(500), "{\"detail\":\"Internal Server Error\"}");
  EXPECT_EQ(
      problem.of_status(404),
      "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,\"detail\":\"Not Found\"}");
  EXPECT_EQ(detail.of_status(599), "{\"detail\":\"\"}");
}

}  // namespace
}  // namespace pelton::http
