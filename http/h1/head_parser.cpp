#include "http/h1/head_parser.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "http/h1/known_field.hpp"
#include "http/h1/request_target.hpp"
#include "http/message/method.hpp"

namespace pelton::http {

namespace {

// Why an octet is refused in a request line (H1-090): line ends first, then white space, then the
// reason of its place.
Reason misfit_in_request_line(char octet, Reason at_cr, Reason otherwise) {
  if (octet == '\n') return Reason::refused_line_bare_lf;
  if (is_blank(octet)) return Reason::refused_request_line_malformed;
  return octet == '\r' ? at_cr : otherwise;
}

Reason misfit_in_target(char octet) {
  return misfit_in_request_line(octet, Reason::refused_version_malformed,
                                Reason::refused_target_octet);
}

Reason misfit_in_escape(char octet) {
  const bool stray = octet == ' ' || octet_is(octet, octet_target);
  return stray ? Reason::refused_target_escape : misfit_in_target(octet);
}

// Of the methods that whole_lines.hpp knows.
constexpr std::uint32_t longest_common_method_bytes = 6;

}  // namespace

HeadParser::HeadParser(const HeadLimits& limits, std::span<Field> storage, const Scanner& scanner)
    : limits_(limits),
      unlimited_bytes_(limits.method_bytes_max < longest_common_method_bytes
                           ? 0
                           : std::min({limits.request_line_bytes_max, limits.header_line_bytes_max,
                                       limits.header_section_bytes_max})),
      storage_(storage),
      scanner_(&scanner),
      read_(read_whole_lines_for(scanner)) {
  CHECK(storage.size() >= limits.header_count_max);
}

// Reads one line by the slower code, then as many as it can by the faster code, and so on.
Verdict HeadParser::read_on(Input in) {
  while (true) {
    Verdict verdict = at_.state < State::field ? read_request_line(in) : read_field(in);
    if (verdict != Verdict::complete) return verdict;
    if (at_.state == State::ended) return finish(in);
    verdict = read_.on(*this, in.begin, in.end);
    if (verdict != Verdict::need_more) return verdict;
  }
}

// Verdict::complete here means: the line is complete.
Verdict HeadParser::read_request_line(Input in) {
  RequestHead& head = at_.head;
  State state = at_.state;
  const char* p = in.begin + at_.cursor;
  while (true) {
    switch (state) {
      case State::start:
        if (p == in.end) return pause(in, p, state);
        if (*p == '\r' && at_.line_begin == 0) {
          ++p;
          state = State::leading_lf;
          continue;
        }
        if (*p == '\r') return reject(in, p, Reason::refused_line_empty);
        state = State::method;
        [[fallthrough]];

      case State::method: {
        const char* const begin = in.begin + at_.line_begin;
        while (p != in.end && is_tchar(*p)) ++p;
        if (p - begin > limits_.method_bytes_max) {
          head.method = Method::other;
          return reject_in_request_line(in, begin + limits_.method_bytes_max,
                                        Reason::refused_method_too_long);
        }
        if (p == in.end) return pause_in_request_line(in, p, state);
        if (*p != ' ' || p == begin) {
          return reject_in_request_line(
              in, p,
              misfit_in_request_line(*p, Reason::refused_request_line_malformed,
                                     Reason::refused_method_invalid));
        }
        head.method_text = in.span(begin, p);
        head.method = method_of(head.method_text.in(in.begin));
        ++p;
        state = State::target;
      }
        [[fallthrough]];

      case State::target:
        if (p == in.end) return pause_in_request_line(in, p, state);
        head.target.begin = in.offset(p);
        if (*p != '/') [[unlikely]] {
          if (!octet_is(*p, octet_target)) {
            return reject_in_request_line(
                in, p,
                misfit_in_request_line(*p, Reason::refused_request_line_malformed,
                                       Reason::refused_target_octet));
          }
          head.form = TargetForm::authority;
          state = State::scheme;
          continue;
        }
        head.path.begin = head.target.begin;
        state = State::path;
        [[fallthrough]];

      case State::path:
        p = scanner_->path_stop(p, in.end);
        if (p == in.end) return pause_in_request_line(in, p, state);
        if (*p == '%') {
          ++p;
          state = State::escape_high;
          continue;
        }
        head.path.bytes = in.offset(p) - head.path.begin;
        if (*p == ' ') {
          head.target.bytes = in.offset(p) - head.target.begin;
          ++p;
          at_.token_begin = in.offset(p);
          state = State::version;
          continue;
        }
        if (*p != '?') return reject_in_request_line(in, p, misfit_in_target(*p));
        ++p;
        head.query.begin = in.offset(p);
        state = State::query;
        [[fallthrough]];

      case State::query:
        p = scanner_->query_stop(p, in.end);
        if (p == in.end) return pause_in_request_line(in, p, state);
        if (*p != ' ') return reject_in_request_line(in, p, misfit_in_target(*p));
        head.query.bytes = in.offset(p) - head.query.begin;
        head.target.bytes = in.offset(p) - head.target.begin;
        ++p;
        at_.token_begin = in.offset(p);
        state = State::version;
        [[fallthrough]];

      case State::version: {
        const char* const begin = in.begin + at_.token_begin;
        constexpr std::string_view pattern = "HTTP/0.0\r";
        for (; p != in.end; ++p) {
          const char wanted = pattern[static_cast<std::size_t>(p - begin)];
          const bool fits = wanted == '0' ? octet_is(*p, octet_digit) : *p == wanted;
          if (!fits) {
            return reject_in_request_line(
                in, p,
                misfit_in_request_line(*p, Reason::refused_version_malformed,
                                       Reason::refused_version_malformed));
          }
          if (wanted == '\r') break;
        }
        if (p == in.end) return pause_in_request_line(in, p, state);
        if (p - (in.begin + at_.line_begin) > limits_.request_line_bytes_max) {
          return reject_in_request_line(in, p, Reason::refused_request_line_too_long);
        }
        head.version_minor = static_cast<std::uint8_t>(p[-1] - '0');
        ++p;
        state = State::request_line_lf;
      }
        [[fallthrough]];

      case State::request_line_lf: {
        if (p == in.end) return pause(in, p, state);
        if (*p != '\n') return reject(in, p, Reason::refused_line_bare_cr);
        const Reason reason = judge_request_line(in, p);
        if (reason != Reason::none) return reject(in, p, reason);
        ++p;
        return begin_section(in, p);
      }

      case State::leading_lf:
        if (p == in.end) return pause(in, p, state);
        if (*p != '\n') return reject(in, p, Reason::refused_line_bare_cr);
        ++p;
        at_.line_begin = in.offset(p);
        state = State::start;
        continue;

      case State::escape_high:
        if (p == in.end) return pause_in_request_line(in, p, state);
        if (!octet_is(*p, octet_hex)) return reject_in_request_line(in, p, misfit_in_escape(*p));
        ++p;
        state = State::escape_low;
        [[fallthrough]];

      case State::escape_low:
        if (p == in.end) return pause_in_request_line(in, p, state);
        if (!octet_is(*p, octet_hex) || (*p == '0' && p[-1] == '0')) {
          return reject_in_request_line(in, p, misfit_in_escape(*p));
        }
        ++p;
        state = State::path;
        continue;

      case State::scheme: {
        const char* const begin = in.begin + head.target.begin;
        for (; p != in.end && state == State::scheme; ++p) {
          const auto bytes = static_cast<std::size_t>(p - begin) + 1;
          const SchemeProgress progress = scheme_progress({begin, bytes});
          if (progress == SchemeProgress::other) break;
          if (progress == SchemeProgress::complete) {
            head.form = TargetForm::absolute;
            head.authority.begin = in.offset(p) + 1;
            state = State::authority;
          }
        }
        if (state == State::authority) continue;
        if (p == in.end) return pause_in_request_line(in, p, state);
        state = State::opaque_target;
        continue;
      }

      case State::authority:
        while (p != in.end && octet_is(*p, octet_target) && *p != '/' && *p != '?') ++p;
        if (p == in.end) return pause_in_request_line(in, p, state);
        head.authority.bytes = in.offset(p) - head.authority.begin;
        at_.target_authority = head.authority;
        head.path.begin = in.offset(p);
        // The rules of the path handle an empty path, which they end at once.
        state = State::path;
        continue;

      case State::opaque_target:
        p = scanner_->query_stop(p, in.end);
        if (p == in.end) return pause_in_request_line(in, p, state);
        if (*p != ' ') return reject_in_request_line(in, p, misfit_in_target(*p));
        head.target.bytes = in.offset(p) - head.target.begin;
        ++p;
        at_.token_begin = in.offset(p);
        state = State::version;
        continue;

      default:
        CHECK(state < State::field);
    }
  }
}

// Verdict::complete here means: the line is complete, or with State::ended the whole section.
Verdict HeadParser::read_field(Input in) {
  State state = at_.state;
  const char* p = in.begin + at_.cursor;
  while (true) {
    switch (state) {
      case State::section_lf:
        if (p == in.end) return pause(in, p, state);
        if (*p != '\n') return reject(in, p, Reason::refused_line_bare_cr);
        at_.cursor = in.offset(p);
        at_.state = State::ended;
        return Verdict::complete;

      case State::field:
        if (p == in.end) return pause(in, p, state);
        if (*p == '\r') {
          ++p;
          state = State::section_lf;
          continue;
        }
        at_.line_begin = in.offset(p);
        if (at_.field_count == limits_.header_count_max) [[unlikely]] {
          const bool bare_lf = *p == '\n';
          return reject(in, p,
                        bare_lf ? Reason::refused_line_bare_lf : Reason::refused_header_count);
        }
        state = State::name;
        [[fallthrough]];

      case State::name: {
        const char* const begin = in.begin + at_.line_begin;
        while (p != in.end && is_tchar(*p)) ++p;
        if (p == in.end) return pause_in_field(in, p, state);
        if (*p != ':' || p == begin) {
          Reason reason = Reason::refused_header_name;
          if (*p == '\n') reason = Reason::refused_line_bare_lf;
          if (p == begin && is_blank(*p)) reason = Reason::refused_header_folded;
          return reject_in_field(in, p, reason);
        }
        const auto bytes = static_cast<std::size_t>(p - begin);
        at_.name = {at_.line_begin, static_cast<std::uint32_t>(bytes)};
        at_.known = known_field(begin, bytes);
        ++p;
        state = State::blank;
      }
        [[fallthrough]];

      case State::blank:
        while (p != in.end && is_blank(*p)) ++p;
        if (p == in.end) return pause_in_field(in, p, state);
        at_.token_begin = in.offset(p);
        state = State::value;
        [[fallthrough]];

      case State::value: {
        p = scanner_->value_stop(p, in.end);
        if (p == in.end) return pause_in_field(in, p, state);
        if (*p != '\r') {
          return reject_in_field(
              in, p, *p == '\n' ? Reason::refused_line_bare_lf : Reason::refused_header_value);
        }
        const std::uint32_t line_end = in.offset(p);
        if (line_end - at_.line_begin > limits_.header_line_bytes_max ||
            line_end - at_.section_begin >= limits_.header_section_bytes_max) [[unlikely]] {
          return reject_in_field(in, p, Reason::refused_header_section_too_large);
        }
        const char* const begin = in.begin + at_.token_begin;
        const char* end = p;
        while (end != begin && is_blank(end[-1])) --end;
        storage_[at_.field_count] = {at_.name, in.span(begin, end), at_.known};
        ++at_.field_count;
        ++p;
        state = State::field_lf;
      }
        [[fallthrough]];

      case State::field_lf: {
        if (p == in.end) return pause(in, p, state);
        if (*p != '\n') return reject(in, p, Reason::refused_line_bare_cr);
        if (in.offset(p) - at_.section_begin >= limits_.header_section_bytes_max) [[unlikely]] {
          return reject(in, p, Reason::refused_header_section_too_large);
        }
        if (at_.known != FieldName::other) {
          const Field& field = storage_[at_.field_count - 1];
          const Reason reason = judge_field(in, field, p - 1);
          if (reason != Reason::none) [[unlikely]]
            return reject(in, p, reason);
        }
        ++p;
        at_.cursor = in.offset(p);
        at_.state = State::field;
        return Verdict::complete;
      }

      default:
        CHECK(state != State::ended);
    }
  }
}

}  // namespace pelton::http
