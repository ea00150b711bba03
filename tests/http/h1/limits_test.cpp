// LIM-001 to LIM-010 at n-1, n and n+1, at every fragmentation (LIM-210, SEG-003): first with small
// limits and every cut, then with the documented ones.
#include "http/h1/limits.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/http/h1/feed.hpp"

namespace pelton::http::testing_h1 {
namespace {

constexpr HeadLimits small_head{.method_bytes_max = 6,
                                .request_line_bytes_max = 40,
                                .header_line_bytes_max = 30,
                                .header_section_bytes_max = 70,
                                .header_count_max = 4};

// One outcome over every scanner and every cut; returns the word of the refusal or "accepted".
std::string outcome(const std::string& octets, const HeadLimits& limits) {
  const HeadResult whole = read_head(octets, {}, portable_scanner(), limits);
  EXPECT_NE(whole.verdict, Verdict::need_more);
  std::uint32_t seed = 7;
  for (const Scanner* scanner : all_scanners()) {
    for (const Cuts& cuts : segmentations(octets.size(), whole.consumed_bytes, ++seed)) {
      EXPECT_EQ(read_head(octets, cuts, *scanner, limits), whole)
          << scanner->name << ' ' << (cuts.empty() ? 0 : cuts[0]);
    }
  }
  return whole.verdict == Verdict::complete ? "accepted"
                                            : std::string(reason_row(whole.reason).word);
}

std::string refused_at(const std::string& octets, const HeadLimits& limits, std::size_t at) {
  const std::string word = outcome(octets, limits);
  EXPECT_EQ(read_head(octets, {}, portable_scanner(), limits).consumed_bytes, at);
  return word;
}

std::string request_line(std::size_t bytes, char filler = 'a') {
  const std::string line = "GET / HTTP/1.1";
  return "GET /" + std::string(bytes - line.size(), filler) + " HTTP/1.1\r\n";
}

void method_bytes(const HeadLimits& limits) {
  const std::uint32_t max = limits.method_bytes_max;
  const auto request = [](std::size_t bytes) {
    return std::string(bytes, 'M') + " / HTTP/1.1\r\nHost: h\r\n\r\n";
  };
  EXPECT_EQ(outcome(request(max - 1), limits), "accepted");
  EXPECT_EQ(outcome(request(max), limits), "accepted");
  EXPECT_EQ(refused_at(request(max + 1), limits, max), "method_too_long");
}

TEST(HeadLimits, LIM_001_method_bytes_max) {
  method_bytes({});
  method_bytes(small_head);
  // A method that is read as a word is measured, too.
  EXPECT_EQ(refused_at("GET / HTTP/1.1\r\n\r\n", {.method_bytes_max = 2}, 2), "method_too_long");
  EXPECT_EQ(refused_at("POST / HTTP/1.1\r\n\r\n", {.method_bytes_max = 3}, 3), "method_too_long");
}

void request_line_bytes(const HeadLimits& limits) {
  const std::uint32_t max = limits.request_line_bytes_max;
  const std::string rest = "Host: h\r\n\r\n";
  EXPECT_EQ(outcome(request_line(max - 1) + rest, limits), "accepted");
  EXPECT_EQ(outcome(request_line(max) + rest, limits), "accepted");
  EXPECT_EQ(refused_at(request_line(max + 1) + rest, limits, max), "request_line_too_long");
  // The empty line of H1-003 counts for nothing.
  EXPECT_EQ(outcome("\r\n" + request_line(max) + rest, limits), "accepted");
  EXPECT_EQ(refused_at("\r\n" + request_line(max + 1) + rest, limits, max + 2),
            "request_line_too_long");
  // The position decides between a limit and a bad octet; at one octet the limit does.
  std::string line = request_line(max + 2);
  line[max - 1] = '\x01';
  EXPECT_EQ(refused_at(line + rest, limits, max - 1), "version_malformed");
  EXPECT_EQ(refused_at("GET /" + std::string(max - 5, 'a') + "\n", limits, max), "line_bare_lf");
  EXPECT_EQ(refused_at("GET /" + std::string(max - 5, 'a') + "\x01", limits, max),
            "request_line_too_long");
  EXPECT_EQ(refused_at("GET /" + std::string(max - 6, 'a') + "\x01", limits, max - 1),
            "target_octet");
  EXPECT_EQ(refused_at("GET /" + std::string(max - 5, 'a') + "\r", limits, max),
            "version_malformed");
}

TEST(HeadLimits, LIM_002_request_line_bytes_max) {
  request_line_bytes({});
  request_line_bytes(small_head);
}

std::string field_line(std::size_t bytes, const std::string& name = "A") {
  return name + ": " + std::string(bytes - name.size() - 2, 'v') + "\r\n";
}

void header_line_bytes(const HeadLimits& limits) {
  const std::uint32_t max = limits.header_line_bytes_max;
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\n";
  EXPECT_EQ(outcome(head + field_line(max - 1) + "\r\n", limits), "accepted");
  EXPECT_EQ(outcome(head + field_line(max) + "\r\n", limits), "accepted");
  EXPECT_EQ(refused_at(head + field_line(max + 1) + "\r\n", limits, head.size() + max),
            "header_line_too_long");
  // The same within a name, and with a bad octet in front of, at and behind the limit.
  EXPECT_EQ(refused_at(head + std::string(max + 1, 'N'), limits, head.size() + max),
            "header_line_too_long");
  const auto with_bad = [&](std::size_t at, char bad) {
    std::string line = field_line(max + 4);
    line[at] = bad;
    return head + line + "\r\n";
  };
  EXPECT_EQ(refused_at(with_bad(max - 1, '\x01'), limits, head.size() + max - 1), "header_value");
  EXPECT_EQ(refused_at(with_bad(max, '\x01'), limits, head.size() + max), "header_line_too_long");
  EXPECT_EQ(refused_at(with_bad(max + 1, '\x01'), limits, head.size() + max),
            "header_line_too_long");
  EXPECT_EQ(refused_at(with_bad(max, '\n'), limits, head.size() + max), "line_bare_lf");
  EXPECT_EQ(refused_at(with_bad(max, '\r'), limits, head.size() + max + 1), "line_bare_cr");
}

TEST(HeadLimits, LIM_003_header_line_bytes_max) {
  header_line_bytes({});
  header_line_bytes(small_head);
}

// A section of exactly so many octets, CRLFs included, of lines within their limit.
std::string section(std::size_t bytes, std::size_t line_max) {
  std::string lines = "Host: h\r\n";
  while (bytes - lines.size() > line_max + 2 + 5) lines += field_line(line_max);
  return lines + field_line(bytes - lines.size() - 2);
}

void header_section_bytes(const HeadLimits& limits) {
  const std::uint32_t max = limits.header_section_bytes_max;
  const std::uint32_t line = limits.header_line_bytes_max;
  const std::string head = "GET / HTTP/1.1\r\n";
  EXPECT_EQ(outcome(head + section(max - 1, line) + "\r\n", limits), "accepted");
  EXPECT_EQ(outcome(head + section(max, line) + "\r\n", limits), "accepted");
  EXPECT_EQ(refused_at(head + section(max + 1, line) + "\r\n", limits, head.size() + max),
            "header_section_too_large");
  EXPECT_EQ(refused_at(head + section(max + 2, line) + "\r\n", limits, head.size() + max),
            "header_section_too_large");
  EXPECT_EQ(refused_at(head + section(max + 3, line) + "\r\n", limits, head.size() + max),
            "header_section_too_large");
  EXPECT_EQ(refused_at(head + section(max, line) + "A: b\r\n\r\n", limits, head.size() + max),
            "header_section_too_large");
}

TEST(HeadLimits, LIM_004_header_section_bytes_max) {
  header_section_bytes({});
  header_section_bytes(small_head);
}

void header_count(const HeadLimits& limits) {
  const std::uint32_t max = limits.header_count_max;
  const auto request = [](std::size_t count, const std::string& last) {
    std::string octets = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (std::size_t index = 1; index < count; ++index) octets += "A: b\r\n";
    return octets + last;
  };
  EXPECT_EQ(outcome(request(max - 1, "\r\n"), limits), "accepted");
  EXPECT_EQ(outcome(request(max, "\r\n"), limits), "accepted");
  const std::size_t end = request(max, "").size();
  for (const char* next : {"A: b\r\n\r\n", "A", " folded", "\x01"}) {
    EXPECT_EQ(refused_at(request(max, next), limits, end), "header_count") << next;
  }
  EXPECT_EQ(refused_at(request(max, "\n"), limits, end), "line_bare_lf");
}

TEST(HeadLimits, LIM_005_header_count_max) {
  header_count({});
  header_count(small_head);
}

std::string chunked_outcome(const std::string& octets, const ChunkedLimits& limits = {}) {
  const BodyResult whole = read_chunked(octets, {}, limits);
  std::uint32_t seed = 3;
  for (const Cuts& cuts : segmentations(octets.size(), whole.consumed_bytes, ++seed)) {
    EXPECT_EQ(read_chunked(octets, cuts, limits), whole) << (cuts.empty() ? 0 : cuts[0]);
  }
  switch (whole.state) {
    case ChunkedDecoder::State::complete:
      return "accepted";
    case ChunkedDecoder::State::rejected:
      return std::string(reason_row(whole.reason).word);
    default:
      return "unfinished";
  }
}

TEST(BodyLimits, LIM_006_chunk_extension_bytes_max) {
  for (const std::uint32_t max : {2u, 16u, 256u}) {
    ChunkedLimits limits;
    limits.body.chunk_extension_bytes_max = max;
    const auto body = [](std::size_t bytes) {
      return "1;" + std::string(bytes - 1, 'x') + "\r\na\r\n0\r\n\r\n";
    };
    if (max > 2) {
      EXPECT_EQ(chunked_outcome(body(max - 1), limits), "accepted");
    }
    EXPECT_EQ(chunked_outcome(body(max), limits), "accepted");
    EXPECT_EQ(chunked_outcome(body(max + 1), limits), "chunk_extension");
  }
}

TEST(BodyLimits, LIM_007_chunk_overhead_bytes_max) {
  for (const std::uint32_t max : {0u, 7u, 300u}) {
    ChunkedLimits limits;
    limits.body.chunk_overhead_bytes_max = max;
    limits.body.chunk_extension_bytes_max = 1000;
    // Nine octets of data give nine octets of credit.
    const auto body = [](std::size_t overhead) {
      return "9\r\n123456789\r\n1;" + std::string(overhead - 1, 'x') + "\r\na\r\n0\r\n\r\n";
    };
    EXPECT_EQ(chunked_outcome(body(max + 8), limits), "accepted");
    EXPECT_EQ(chunked_outcome(body(max + 9), limits), "accepted");
    EXPECT_EQ(chunked_outcome(body(max + 10), limits), "chunk_overhead");
    const std::string zeros(std::min<std::size_t>(max, 15), '0');
    EXPECT_EQ(chunked_outcome(zeros + "0\r\n\r\n", limits), "accepted");
    if (max < 15) {
      EXPECT_EQ(chunked_outcome(zeros + "00\r\n\r\n", limits), "chunk_overhead");
    }
  }
}

TEST(BodyLimits, LIM_010_body_bytes_max) {
  for (const std::uint64_t max : {0u, 1u, 10u, 1000u}) {
    ChunkedLimits limits;
    limits.body_bytes_max = max;
    const auto body = [](std::size_t bytes) {
      std::string octets;
      for (std::size_t index = 0; index < bytes; ++index) octets += "1\r\na\r\n";
      return octets + "0\r\n\r\n";
    };
    if (max > 0) {
      EXPECT_EQ(chunked_outcome(body(max - 1), limits), "accepted");
    }
    EXPECT_EQ(chunked_outcome(body(max), limits), "accepted");
    EXPECT_EQ(chunked_outcome(body(max + 1), limits), "body_too_large");
  }
  // H1-057: at the octet that exceeds, not before it.
  ChunkedLimits limits;
  limits.body_bytes_max = 4;
  EXPECT_EQ(chunked_outcome("5\r\nabcd", limits), "unfinished");
  EXPECT_EQ(chunked_outcome("5\r\nabcde", limits), "body_too_large");
  EXPECT_EQ(read_chunked("5\r\nabcde", {}, limits).body, "abcd");
  EXPECT_EQ(chunked_outcome("7fffffffffffffff\r\n", limits), "unfinished");
}

TEST(BodyLimits, H1_067_trailers_have_the_header_limits_anew) {
  ChunkedLimits limits;
  limits.head = small_head;
  const std::uint32_t line = small_head.header_line_bytes_max;
  const std::uint32_t total = small_head.header_section_bytes_max;
  const std::string end = "\r\n";
  EXPECT_EQ(chunked_outcome("0\r\n" + field_line(line - 1) + end, limits), "accepted");
  EXPECT_EQ(chunked_outcome("0\r\n" + field_line(line) + end, limits), "accepted");
  EXPECT_EQ(chunked_outcome("0\r\n" + field_line(line + 1) + end, limits), "trailer_too_large");
  const auto trailers = [&](std::size_t bytes) {
    std::string lines = field_line(20);
    while (bytes - lines.size() > line + 2) lines += field_line(20);
    return "0\r\n" + lines + field_line(bytes - lines.size() - 2) + end;
  };
  EXPECT_EQ(chunked_outcome(trailers(total - 1), limits), "accepted");
  EXPECT_EQ(chunked_outcome(trailers(total), limits), "accepted");
  EXPECT_EQ(chunked_outcome(trailers(total + 1), limits), "trailer_too_large");
  EXPECT_EQ(chunked_outcome(trailers(total + 2), limits), "trailer_too_large");
  const auto count = [&](std::size_t lines) {
    std::string octets = "0\r\n";
    for (std::size_t index = 0; index < lines; ++index) octets += "A: b\r\n";
    return octets + end;
  };
  EXPECT_EQ(chunked_outcome(count(small_head.header_count_max), limits), "accepted");
  EXPECT_EQ(chunked_outcome(count(small_head.header_count_max + 1), limits), "trailer_too_large");
}

}  // namespace
}  // namespace pelton::http::testing_h1
