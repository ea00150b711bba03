// Reads the plain lines of a head in one go when they have arrived whole, as most lines have. All
// other lines, valid or not, are left to the parser's slower code, so that the rules are in one
// place; these functions only accept lines that it would accept.
#pragma once

#if defined(__x86_64__)

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "http/h1/known_field.hpp"
#include "http/h1/scan.hpp"
#include "http/h1/vector_stops.hpp"
#include "http/message/authority.hpp"
#include "http/message/octets.hpp"
#include "http/message/request_head.hpp"

namespace pelton::http {

// The octets of a message that have arrived: at least one vector of them, so that the last vector
// can include octets before it and nothing past the end is read.
struct WholeInput {
  static constexpr std::ptrdiff_t bytes_min = 16;

  const char* begin;
  const char* end;
  const Scanner* scanner;

  Span span(const char* from, const char* to) const {
    return {static_cast<std::uint32_t>(from - begin), static_cast<std::uint32_t>(to - from)};
  }
};

namespace whole_lines {

template <class Word>
inline Word load(const char* p) {
  Word word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

template <class Word, std::size_t size_with_nul>
consteval Word word_of(const char (&text)[size_with_nul]) {
  static_assert(size_with_nul == sizeof(Word) + 1);
  Word word = 0;
  for (std::size_t index = 0; index < sizeof(Word); ++index) {
    word = static_cast<Word>(word | static_cast<Word>(static_cast<unsigned char>(text[index]))
                                        << (8 * index));
  }
  return word;
}

inline bool is_line_end(const char* p) {
  return load<std::uint16_t>(p) == word_of<std::uint16_t>("\r\n");
}

// The stops among the sixteen octets at `p`, or among fewer if fewer are left.
template <class Stops>
[[gnu::always_inline]] inline unsigned stops_at(WholeInput in, const char* p) {
  const char* const last = in.end - WholeInput::bytes_min;
  if (p <= last) [[likely]] {
    return Stops::in(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  return Stops::in(_mm_loadu_si128(reinterpret_cast<const __m128i*>(last))) >> (p - last);
}

// The first stop at or after `p`, or null if there is none. Runs of usual length end within these
// vectors; calling a wider scanner for them would cost more (benchmarks/micro/parser.cpp).
template <class Stops>
[[gnu::always_inline]] inline const char* first_stop(WholeInput in, const char* p, FindStop wider) {
  constexpr std::ptrdiff_t usual_bytes = 128;
  const char* const begin = p;
  unsigned stops = stops_at<Stops>(in, p);
  while (stops == 0) {
    p += WholeInput::bytes_min;
    if (p >= in.end) return nullptr;
    if (p - begin == usual_bytes) [[unlikely]] {
      const char* const stop = wider(p, in.end);
      return stop == in.end ? nullptr : stop;
    }
    stops = stops_at<Stops>(in, p);
  }
  return p + static_cast<std::size_t>(std::countr_zero(stops));
}

// A common method with the space after it.
[[gnu::always_inline]] inline Method common_method(const char* p, std::uint32_t& bytes) {
  const auto first = load<std::uint32_t>(p);
  if (first == word_of<std::uint32_t>("GET ")) {
    bytes = 3;
    return Method::get;
  }
  if (first == word_of<std::uint32_t>("POST") && p[4] == ' ') {
    bytes = 4;
    return Method::post;
  }
  if (first == word_of<std::uint32_t>("PUT ")) {
    bytes = 3;
    return Method::put;
  }
  if (first == word_of<std::uint32_t>("HEAD") && p[4] == ' ') {
    bytes = 4;
    return Method::head;
  }
  if (load<std::uint64_t>(p) << 8 == word_of<std::uint64_t>("DELETE \0") << 8) {
    bytes = 6;
    return Method::delete_;
  }
  return Method::other;
}

// The end of a host by H1-041 with its port; null for what the slower code must check.
[[gnu::always_inline]] inline const char* plain_host_end(WholeInput in, const char* p) {
  const char* stop = p;
  unsigned stops = stops_at<HostStops>(in, p);
  while (stops == 0) {
    stop += 16;
    if (stop >= in.end) return nullptr;
    stops = stops_at<HostStops>(in, stop);
  }
  stop += static_cast<std::size_t>(std::countr_zero(stops));
  if (stop == p || stop - p > static_cast<std::ptrdiff_t>(host_bytes_max)) return nullptr;
  if (*stop != ':') return stop;
  const char* const port = ++stop;
  while (stop != in.end && static_cast<unsigned char>(*stop - '0') < 10) ++stop;
  // Up to four digits are in range unless they begin with a zero.
  const bool valid = (stop - port <= 4 && stop != port && *port != '0') || is_port({port, stop});
  return valid ? stop : nullptr;
}

}  // namespace whole_lines

// Reads a request line at `p` into `head`: a common method, origin-form without escapes, a version
// we serve. Returns the place after its CRLF, or null.
[[gnu::always_inline]] inline const char* read_whole_request_line(WholeInput in, const char* p,
                                                                  RequestHead& head) {
  using namespace whole_lines;
  if (in.end - p < WholeInput::bytes_min) return nullptr;
  std::uint32_t method_bytes = 0;
  head.method = common_method(p, method_bytes);
  const char* const target = p + method_bytes + 1;
  if (head.method == Method::other || *target != '/') return nullptr;
  const char* const path_end = first_stop<PathStops>(in, target, in.scanner->path_stop);
  if (path_end == nullptr) return nullptr;
  const char* target_end = path_end;
  head.query = {};
  if (*path_end == '?') {
    target_end = first_stop<QueryStops>(in, path_end + 1, in.scanner->query_stop);
    if (target_end == nullptr) return nullptr;
    head.query = in.span(path_end + 1, target_end);
  }
  // " HTTP/1.1\r\n", compared as two words that overlap.
  if (in.end - target_end < 11) return nullptr;
  if (load<std::uint64_t>(target_end) != word_of<std::uint64_t>(" HTTP/1.")) return nullptr;
  const auto back = load<std::uint64_t>(target_end + 3);
  const bool minor_1 = back == word_of<std::uint64_t>("TP/1.1\r\n");
  if (!minor_1 && back != word_of<std::uint64_t>("TP/1.0\r\n")) return nullptr;
  head.version_minor = minor_1 ? 1 : 0;
  head.form = TargetForm::origin;
  head.method_text = in.span(p, target - 1);
  head.target = in.span(target, target_end);
  head.path = in.span(target, path_end);
  return target_end + 11;
}

// Reads a field line at `p` into `field`: a name of letters, digits and hyphens, at most one space
// before the value and no white space after it. A Host read here is valid. Returns the place after
// the CRLF, or null.
[[gnu::always_inline]] inline const char* read_whole_field(WholeInput in, const char* p,
                                                           Field& field) {
  using namespace whole_lines;
  const char* colon = p;
  unsigned stops = stops_at<NameStops>(in, p);
  if (stops == 0) [[unlikely]] {
    colon += 16;
    if (colon >= in.end) return nullptr;
    stops = stops_at<NameStops>(in, colon);
    if (stops == 0) return nullptr;
  }
  colon += static_cast<std::size_t>(std::countr_zero(stops));
  // After the colon come a space, a value and a CRLF, or at least a CRLF.
  if (*colon != ':' || colon == p || in.end - colon < 4) return nullptr;
  const char* value = colon + 1;
  if (*value == ' ') ++value;
  const FieldName known = known_field(p, static_cast<std::size_t>(colon - p));
  const char* const end = known == FieldName::host
                              ? plain_host_end(in, value)
                              : first_stop<PlainValueStops>(in, value, in.scanner->value_stop);
  if (end == nullptr || in.end - end < 2 || !is_line_end(end)) return nullptr;
  if (static_cast<unsigned char>(*value) <= ' ' || static_cast<unsigned char>(end[-1]) <= ' ') {
    return nullptr;
  }
  field.name = in.span(p, colon);
  field.value = in.span(value, end);
  field.known = known;
  return end + 2;
}

}  // namespace pelton::http

#endif
