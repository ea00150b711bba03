// Request heads, one behind the other: all scanners agree, whatever the cuts (SEG-001), and spans
// stay within what was read.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/check.hpp"
#include "tests/http/h1/feed.hpp"

namespace {

using namespace pelton::http;
using namespace pelton::http::testing_h1;

constexpr HeadLimits small{.method_bytes_max = 8,
                           .request_line_bytes_max = 64,
                           .header_line_bytes_max = 48,
                           .header_section_bytes_max = 160,
                           .header_count_max = 6};

// Cuts that the input itself chooses, so that a finding is repeated by its octets alone.
Cuts cuts_of(std::string_view octets) {
  Cuts cuts;
  std::uint32_t state = 2166136261u;
  for (std::size_t at = 1; at < octets.size(); ++at) {
    state = (state ^ static_cast<unsigned char>(octets[at])) * 16777619u;
    if (state >> 29 == 0) cuts.push_back(at);
  }
  return cuts;
}

Cuts every_octet(std::size_t bytes) {
  Cuts cuts;
  for (std::size_t at = 1; at < bytes; ++at) cuts.push_back(at);
  return cuts;
}

void check_spans(const HeadResult& result) {
  const std::uint32_t end = result.head.head_bytes;
  const auto within = [&](Span span) {
    return span.begin <= end && span.bytes <= end - span.begin;
  };
  CHECK(within(result.head.target) && within(result.head.path) && within(result.head.query));
  CHECK(within(result.head.authority) && within(result.head.method_text));
  for (const Field& field : result.fields) CHECK(within(field.name) && within(field.value));
}

void check(std::string_view octets, const HeadLimits& limits) {
  while (true) {
    const HeadResult whole = read_head(octets, {}, portable_scanner(), limits);
    for (const Scanner* scanner : all_scanners()) {
      CHECK(read_head(octets, {}, *scanner, limits) == whole);
      CHECK(read_head(octets, cuts_of(octets), *scanner, limits) == whole);
    }
    const std::string_view start = octets.substr(0, 600);
    const HeadResult begun = read_head(start, {}, *all_scanners().back(), limits);
    CHECK(read_head(start, every_octet(start.size()), *all_scanners().back(), limits) == begun);
    if (whole.verdict != Verdict::complete) return;
    check_spans(whole);
    octets.remove_prefix(whole.head.head_bytes);
  }
}

}  // namespace

extern "C" [[gnu::visibility("default")]] int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                                                     std::size_t bytes);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
  const std::string_view octets{reinterpret_cast<const char*>(data), bytes};
  check(octets, HeadLimits{});
  check(octets, small);
  return 0;
}
