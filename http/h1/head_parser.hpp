// A strict one-pass parser of HTTP/1 request heads: octets in, spans out, nothing allocated. The
// verdict, its reason and its position depend on the octets alone, not on how they are split
// (SEG-001): the parser resumes where it stopped and decides at the first offending octet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/reason.hpp"
#include "http/h1/field_values.hpp"
#include "http/h1/limits.hpp"
#include "http/h1/scan.hpp"
#include "http/message/request_head.hpp"

namespace pelton::http {

enum class Verdict : std::uint8_t { need_more, complete, rejected };

// A parser's place in a message. It begins anew with a few wide stores.
struct HeadProgress {
  enum class State : std::uint8_t {
    start,       // nothing of the request yet
    leading_lf,  // after the CR of an empty line before the request (H1-003)
    method,
    target,     // at the first octet
    scheme,     // part of http:// or https://
    authority,  // after the scheme
    path,
    escape_high,  // after the percent sign
    escape_low,
    query,
    opaque_target,  // neither origin-form nor http:// or https://
    version,
    request_line_lf,
    field,  // at the first octet of a line
    name,
    blank,  // between colon and value
    value,
    field_lf,
    section_lf,
    ended,
  };

  // Members that every head begins with at zero lie together: reset() is a few wide stores.
  State state = State::start;
  ConnectionOptions connection;
  Reason reason = Reason::none;
  std::uint16_t seen = 0;    // one bit per FieldName
  std::uint32_t cursor = 0;  // first octet not read yet
  std::uint32_t line_begin = 0;
  std::uint32_t field_count = 0;
  Span target_authority;  // of an absolute target

  FieldName known = FieldName::other;  // of the line being read
  std::uint32_t token_begin = 0;
  std::uint32_t section_begin = 0;
  Span name;  // of the line being read
  RequestHead head;

  // As new, except for members that the first line of every head sets.
  void reset() {
    state = State::start;
    reason = Reason::none;
    connection = {};
    seen = 0;
    cursor = 0;
    line_begin = 0;
    field_count = 0;
    target_authority = {};
    head.method = Method::other;  // a refusal reads it to know whether it was HEAD
    head.form = TargetForm::origin;
    head.framing = BodyFraming::none;
    head.expects_continue = false;
    head.has_upgrade = false;
    head.query = {};
    head.authority = {};
    head.content_length = 0;
  }
};

class HeadParser {
 public:
  // `storage` receives the fields and holds at least `limits.header_count_max`. It and `scanner`
  // outlive the parser.
  HeadParser(const HeadLimits& limits, std::span<Field> storage, const Scanner& scanner);

  void reset() { at_.reset(); }

  // `octets` are all octets of the message so far, from the same first octet in every call since
  // reset(); the buffer may have moved. Octets after the head are not examined.
  Verdict parse(std::string_view octets) {
    const char* const end = octets.data() + octets.size();
    const Verdict verdict = read_.on(*this, octets.data(), end);
    return verdict != Verdict::need_more ? verdict : read_on({octets.data(), end});
  }
  // reset() and parse() in one.
  Verdict parse_new(std::string_view octets) {
    const char* const end = octets.data() + octets.size();
    const Verdict verdict = read_.new_head(*this, octets.data(), end);
    return verdict != Verdict::need_more ? verdict : read_on({octets.data(), end});
  }

  // After Verdict::complete; valid as long as the octets and the storage are.
  RequestHead& head() { return at_.head; }
  const RequestHead& head() const { return at_.head; }
  // After Verdict::rejected.
  Reason reason() const { return at_.reason; }
  // Octets read, without a refused one.
  std::uint32_t consumed_bytes() const { return at_.cursor; }
  // Whether an octet of the request itself has been read: the empty line that H1-003 skips starts
  // no timer.
  bool started() const {
    return at_.state > HeadProgress::State::leading_lf && at_.cursor > at_.line_begin;
  }

 private:
  using State = HeadProgress::State;

  struct Input {
    const char* begin;  // of the message
    const char* end;    // of what has arrived

    std::uint32_t offset(const char* p) const { return static_cast<std::uint32_t>(p - begin); }
    Span span(const char* from, const char* to) const {
      return {offset(from), static_cast<std::uint32_t>(to - from)};
    }
  };

  static constexpr std::uint16_t bit_of(FieldName name) {
    return static_cast<std::uint16_t>(1u << static_cast<unsigned>(name));
  }

  // Read the plain lines of heads, with vectors (whole_lines.cpp).
  void read_whole_request_line(Input in);
  Verdict read_whole_fields(Input in);
  Verdict read_whole(Input in);
  using Read = Verdict (*)(HeadParser& parser, const char* begin, const char* end);
  struct ReadWholeLines {
    Read on;        // from the parser's place
    Read new_head;  // after reset(), which it does itself
  };
  static ReadWholeLines read_whole_lines_for(const Scanner& scanner);
  static Verdict read_on_avx2(HeadParser& parser, const char* begin, const char* end);
  static Verdict read_new_avx2(HeadParser& parser, const char* begin, const char* end);
  static Verdict read_on_sse2(HeadParser& parser, const char* begin, const char* end);
  static Verdict read_new_sse2(HeadParser& parser, const char* begin, const char* end);
  static Verdict read_no_lines(HeadParser& parser, const char* begin, const char* end);
  static Verdict read_no_new_lines(HeadParser& parser, const char* begin, const char* end);

  Verdict read_on(Input in);
  Verdict read_request_line(Input in);
  Verdict read_field(Input in);
  Verdict begin_section(Input in, const char* p) {
    at_.section_begin = in.offset(p);
    at_.cursor = at_.section_begin;
    at_.state = State::field;
    return Verdict::complete;
  }
  // Called with the cursor at the last LF.
  Verdict finish(Input in) {
    constexpr unsigned framing =
        bit_of(FieldName::transfer_encoding) | bit_of(FieldName::content_length);
    RequestHead& head = at_.head;
    const bool plain =
        head.authority.bytes != 0 && head.form == TargetForm::origin && (at_.seen & framing) == 0;
    if (!plain) {
      const Reason reason = judge_head(in);
      if (reason != Reason::none) return reject(in, in.begin + at_.cursor, reason);
    }
    ++at_.cursor;
    head.base = in.begin;
    head.head_bytes = at_.cursor;
    head.fields = {storage_.data(), at_.field_count};
    const bool persistent = head.version_minor == 1 || at_.connection.keep_alive;
    head.keep_alive = persistent && !at_.connection.close;
    at_.state = State::ended;
    return Verdict::complete;
  }

  Reason judge_field(Input in, const Field& field, const char* line_end);
  Reason judge_request_line(Input in, const char* line_end);
  Reason judge_head(Input in);

  Verdict pause(Input in, const char* p, State state);
  Verdict pause_in_request_line(Input in, const char* p, State state);
  Verdict pause_in_field(Input in, const char* p, State state);
  Verdict reject(Input in, const char* p, Reason reason);
  Verdict reject_in_request_line(Input in, const char* p, Reason reason);
  Verdict reject_in_field(Input in, const char* p, Reason reason);

  const HeadLimits limits_;
  const std::ptrdiff_t unlimited_bytes_;  // so few octets exceed no limit
  const std::span<Field> storage_;
  const Scanner* const scanner_;
  const ReadWholeLines read_;
  HeadProgress at_;
};

}  // namespace pelton::http
