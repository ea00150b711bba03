// Why a message, a connection or an operation did not go the plain way: the closed set of counter
// keys (protocol section 12). One row per key; the table and the enumeration are the same list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace noria {

// `refused.line_bare_lf` is Reason::refused_line_bare_lf: class, underscore, reason word.
enum class Reason : std::uint8_t {
  none,
  refused_line_bare_lf,
  refused_line_bare_cr,
  refused_line_empty,
  refused_request_line_malformed,
  refused_method_invalid,
  refused_method_too_long,
  refused_connect_unsupported,
  refused_version_unsupported,
  refused_version_malformed,
  refused_target_octet,
  refused_target_escape,
  refused_target_absolute,
  refused_authority_mismatch,
  refused_target_form,
  refused_header_name,
  refused_header_folded,
  refused_header_value,
  refused_header_duplicate,
  refused_host_missing,
  refused_host_invalid,
  refused_framing_conflict,
  refused_transfer_encoding_http10,
  refused_transfer_encoding,
  refused_transfer_coding_unknown,
  refused_content_length,
  refused_body_too_large,
  refused_chunk_size,
  refused_chunk_extension,
  refused_chunk_terminator,
  refused_chunk_overhead,
  refused_trailer_too_large,
  refused_trailer_forbidden,
  refused_body_truncated,
  refused_expect_unknown,
  refused_header_timeout,
  refused_body_too_slow,
  refused_head_truncated,
  refused_request_line_too_long,
  refused_header_line_too_long,
  refused_header_section_too_large,
  refused_header_count,
  answered_method_not_allowed,
  answered_method_unknown,
  answered_trace_disabled,
  answered_host_not_allowed,
  answered_path_not_utf8,
  answered_not_found,
  answered_cookie_count,
  answered_query_fields,
  answered_json_depth,
  answered_json_number,
  answered_content_type,
  answered_content_encoding,
  answered_json_syntax,
  answered_json_string,
  answered_json_duplicate_key,
  cut_body_too_large,
  cut_body_truncated,
  cut_body_too_slow,
  cut_send_too_slow,
  cut_engine_memory,
  cut_engine_unknown,
  cut_drain_deadline,
  shed_connections,
  shed_accept,
  shed_handler_queue,
  shed_memory,
  lost_timeout,
  lost_reset,
  lost_accept,
  fault_response_header,
  fault_response_status,
  fault_response_length,
  fault_handler,
  fault_request_timeout,
  fault_worker_crash,
  fault_worker_start,
  fault_worker_stuck,
  fault_json_encode,
  fault_engine_completion_lost,
  fault_engine_check,
  fallback_engine_epoll,
  fallback_receive_no_buffers,
  fallback_accept_single,
  fallback_engine_feature,
  dropped_response_header,
  dropped_log,
  closed_expect_unanswered,
  closed_upgrade_refused,
  closed_no_request,
  closed_keep_alive,
  closed_body_not_drained,
  closed_linger_timeout,
  closed_linger_skipped,
  closed_by_peer,
  closed_request_count,
  closed_idle_for_room,
  engine_stale_completion,
  engine_multishot_rearmed,
  engine_cancelled_unasked,
  engine_short_send,
  engine_cq_overflow,
};

struct ReasonRow {
  std::string_view counter_class;  // refused, answered, cut, shed, lost, fault, fallback, ...
  std::string_view word;           // as it stands in bodies, logs and metrics
  std::string_view rule;           // the protocol rule that defines it
};

inline constexpr std::size_t reason_count = 103;

const ReasonRow& reason_row(Reason reason);

}  // namespace noria
