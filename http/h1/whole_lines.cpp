#include "http/h1/whole_lines.hpp"

#include <algorithm>

#include "http/h1/head_parser.hpp"

namespace pelton::http {

#if defined(__x86_64__)

// Does nothing unless the slower code would accept the whole line.
[[gnu::always_inline]] inline void HeadParser::read_whole_request_line(Input in) {
  const char* const begin = in.begin + at_.cursor;
  const char* const next =
      http::read_whole_request_line({in.begin, in.end, scanner_}, begin, at_.head);
  if (next == nullptr) return;
  if (in.end - in.begin > unlimited_bytes_ &&
      (next - begin - 2 > limits_.request_line_bytes_max ||
       at_.head.method_text.bytes > limits_.method_bytes_max)) {
    return;
  }
  begin_section(in, next);
}

// Reads plain lines while they are whole. Verdict::complete: the empty line too;
// Verdict::need_more: the slower code reads the rest.
[[gnu::always_inline]] inline Verdict HeadParser::read_whole_fields(Input in) {
  const WholeInput whole{in.begin, in.end, scanner_};
  const char* const section = in.begin + at_.section_begin;
  // Most requests are too short to exceed any limit, so their lines are not measured.
  const bool within = in.end - in.begin <= unlimited_bytes_;
  const char* p = in.begin + at_.cursor;
  std::uint32_t count = at_.field_count;
  bool ended = false;
  while (in.end - p >= 2 && !(ended = whole_lines::is_line_end(p))) {
    if (count == limits_.header_count_max) break;
    Field& field = storage_.data()[count];
    const char* const next = read_whole_field(whole, p, field);
    if (next == nullptr) break;
    const bool over = !within && (next - p - 2 > limits_.header_line_bytes_max ||
                                  next - section > limits_.header_section_bytes_max);
    if (over) break;
    if (field.known != FieldName::other) {
      if (field.known == FieldName::host && (at_.seen & bit_of(FieldName::host)) == 0) {
        at_.seen |= bit_of(FieldName::host);
        at_.head.authority = field.value;
      } else {
        const Reason reason = judge_field(in, field, next - 2);
        if (reason != Reason::none) return reject(in, next - 1, reason);
      }
    }
    ++count;
    p = next;
  }
  at_.field_count = count;
  at_.cursor = in.offset(p) + (ended ? 1 : 0);
  return ended ? Verdict::complete : Verdict::need_more;
}

[[gnu::always_inline]] inline Verdict HeadParser::read_whole(Input in) {
  if (in.end - in.begin < WholeInput::bytes_min) [[unlikely]]
    return Verdict::need_more;
  if (at_.state == State::start) read_whole_request_line(in);
  if (at_.state != State::field) return Verdict::need_more;
  const Verdict verdict = read_whole_fields(in);
  return verdict == Verdict::complete ? finish(in) : verdict;
}

// The same code again: with three-operand instructions where the machine has them, and for a new
// head, where the compiler knows the parser's place.
[[gnu::target("avx2,bmi")]] Verdict HeadParser::read_on_avx2(HeadParser& parser, const char* begin,
                                                             const char* end) {
  return parser.read_whole({begin, end});
}

[[gnu::target("avx2,bmi")]] Verdict HeadParser::read_new_avx2(HeadParser& parser, const char* begin,
                                                              const char* end) {
  parser.reset();
  return parser.read_whole({begin, end});
}

Verdict HeadParser::read_on_sse2(HeadParser& parser, const char* begin, const char* end) {
  return parser.read_whole({begin, end});
}

Verdict HeadParser::read_new_sse2(HeadParser& parser, const char* begin, const char* end) {
  parser.reset();
  return parser.read_whole({begin, end});
}

HeadParser::ReadWholeLines HeadParser::read_whole_lines_for(const Scanner& scanner) {
  if (scanner.lines == Scanner::Lines::avx2) return {.on = read_on_avx2, .new_head = read_new_avx2};
  if (scanner.lines == Scanner::Lines::sse2) return {.on = read_on_sse2, .new_head = read_new_sse2};
  return {.on = read_no_lines, .new_head = read_no_new_lines};
}

#else

HeadParser::ReadWholeLines HeadParser::read_whole_lines_for(const Scanner&) {
  return {.on = read_no_lines, .new_head = read_no_new_lines};
}

#endif

Verdict HeadParser::read_no_lines(HeadParser&, const char*, const char*) {
  return Verdict::need_more;
}

Verdict HeadParser::read_no_new_lines(HeadParser& parser, const char*, const char*) {
  parser.reset();
  return Verdict::need_more;
}

}  // namespace pelton::http
