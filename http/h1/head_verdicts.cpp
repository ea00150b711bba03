// The checks of the head parser at the ends of lines and of the head (H1-091, H1-092), and which of
// two faults came first (H1-090, SEG-003).
#include "core/check.hpp"
#include "http/h1/field_values.hpp"
#include "http/h1/head_parser.hpp"
#include "http/h1/request_target.hpp"
#include "http/message/authority.hpp"
#include "http/message/folded_text.hpp"

namespace pelton::http {

Reason HeadParser::judge_request_line(Input in, const char* line_end) {
  const std::string_view version{line_end - 4, 3};
  if (version != "1.1" && version != "1.0") return Reason::refused_version_unsupported;
  return judge_target(at_.head, in.begin);
}

Reason HeadParser::judge_field(Input in, const Field& field, const char* line_end) {
  // H1-036: these occur once.
  constexpr unsigned single_fields = bit_of(FieldName::host) | bit_of(FieldName::content_length) |
                                     bit_of(FieldName::transfer_encoding) |
                                     bit_of(FieldName::content_type) |
                                     bit_of(FieldName::authorization);
  RequestHead& head = at_.head;
  const std::uint16_t bit = bit_of(field.known);
  const bool again = (at_.seen & bit) != 0;
  if (again && (bit & single_fields) != 0) return Reason::refused_header_duplicate;
  at_.seen |= bit;

  const std::string_view value = field.value.in(in.begin);
  const char* const raw_begin = in.begin + field.name.begin + field.name.bytes + 1;
  const std::string_view raw{raw_begin, line_end};
  switch (field.known) {
    case FieldName::host: {
      Authority parts;
      if (!read_authority(value, parts)) return Reason::refused_host_invalid;
      head.authority = field.value;
      return Reason::none;
    }
    case FieldName::content_length:
      return judge_content_length(raw, value, head.content_length);
    case FieldName::transfer_encoding:
      return judge_transfer_encoding(raw, value);
    case FieldName::expect:
      if (head.version_minor == 0) return Reason::none;
      if (again || !folds_to<"100-continue">(value)) return Reason::refused_expect_unknown;
      head.expects_continue = true;
      return Reason::none;
    case FieldName::connection:
      read_connection(value, at_.connection);
      return Reason::none;
    case FieldName::upgrade:
      head.has_upgrade = true;
      return Reason::none;
    default:
      return Reason::none;
  }
}

// H1-092, except for what only the server knows.
Reason HeadParser::judge_head(Input in) {
  RequestHead& head = at_.head;
  const auto has = [&](FieldName name) { return (at_.seen & bit_of(name)) != 0; };
  if (!has(FieldName::host) && head.version_minor == 1) return Reason::refused_host_missing;
  if (at_.target_authority.bytes != 0 && has(FieldName::host)) {
    const std::string_view authority = at_.target_authority.in(in.begin);
    // `http://` or `https://` precedes it.
    const bool is_https = (authority.data()[-4] | 0x20) == 's';
    const std::uint16_t port = is_https ? https_port : http_port;
    if (!same_authority(authority, head.authority.in(in.begin), port)) {
      return Reason::refused_authority_mismatch;
    }
  }
  if (has(FieldName::transfer_encoding)) {
    if (head.version_minor == 0) return Reason::refused_transfer_encoding_http10;
    if (has(FieldName::content_length)) return Reason::refused_framing_conflict;
    head.framing = BodyFraming::chunked;
  } else if (has(FieldName::content_length)) {
    head.framing = BodyFraming::length;
  }
  return Reason::none;
}

Verdict HeadParser::pause(Input in, const char* p, State state) {
  at_.cursor = in.offset(p);
  at_.state = state;
  return Verdict::need_more;
}

// All octets of the line so far are content: an end of line would have led to another state.
Verdict HeadParser::pause_in_request_line(Input in, const char* p, State state) {
  const std::size_t limit = std::size_t{at_.line_begin} + limits_.request_line_bytes_max;
  if (in.offset(p) > limit) {
    return reject(in, in.begin + limit, Reason::refused_request_line_too_long);
  }
  return pause(in, p, state);
}

Verdict HeadParser::pause_in_field(Input in, const char* p, State state) {
  const std::size_t line_limit = std::size_t{at_.line_begin} + limits_.header_line_bytes_max;
  const std::size_t section_limit =
      std::size_t{at_.section_begin} + limits_.header_section_bytes_max;
  if (in.offset(p) > line_limit && line_limit <= section_limit) {
    return reject(in, in.begin + line_limit, Reason::refused_header_line_too_long);
  }
  if (in.offset(p) > section_limit) {
    return reject(in, in.begin + section_limit, Reason::refused_header_section_too_large);
  }
  return pause(in, p, state);
}

Verdict HeadParser::reject(Input in, const char* p, Reason reason) {
  at_.cursor = in.offset(p);
  at_.state = State::ended;
  at_.reason = reason;
  return Verdict::rejected;
}

// Refuses the octet at `p` for `reason`, unless the line exceeded its limit there or before.
Verdict HeadParser::reject_in_request_line(Input in, const char* p, Reason reason) {
  const std::size_t limit = std::size_t{at_.line_begin} + limits_.request_line_bytes_max;
  const std::size_t at = in.offset(p);
  const bool counted = *p != '\r' && *p != '\n' && reason != Reason::refused_method_too_long;
  if (at > limit || (at == limit && counted)) {
    return reject(in, in.begin + limit, Reason::refused_request_line_too_long);
  }
  return reject(in, p, reason);
}

// The same with two limits; the limit of the section also counts CRLFs.
Verdict HeadParser::reject_in_field(Input in, const char* p, Reason reason) {
  const std::size_t line_limit = std::size_t{at_.line_begin} + limits_.header_line_bytes_max;
  const std::size_t section_limit =
      std::size_t{at_.section_begin} + limits_.header_section_bytes_max;
  const std::size_t at = in.offset(p);
  const bool line_over = at > line_limit || (at == line_limit && *p != '\r' && *p != '\n');
  const bool section_over = at > section_limit || (at == section_limit && *p != '\n');
  if (line_over && (!section_over || line_limit <= section_limit)) {
    return reject(in, in.begin + line_limit, Reason::refused_header_line_too_long);
  }
  if (section_over) {
    return reject(in, in.begin + section_limit, Reason::refused_header_section_too_large);
  }
  return reject(in, p, reason);
}

}  // namespace pelton::http
