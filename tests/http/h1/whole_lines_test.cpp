// The faster road agrees with the slower one: what vectors read whole is what octets would read.
#include "http/h1/whole_lines.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "tests/http/h1/feed.hpp"
#include "tests/http/h1/mutations.hpp"
#include "tests/http/h1/vectors.hpp"

namespace pelton::http::testing_h1 {
namespace {

// One scanner's parser, used again and again as a core uses it, in either of its two ways.
struct Twin {
  enum class Way { reset_and_parse, parse_new };

  Twin(const Scanner& scanner, Way how) : way(how), parser(limits, storage, scanner) {}

  Way way;
  HeadLimits limits;
  std::vector<Field> storage = std::vector<Field>(limits.header_count_max);
  HeadParser parser;
  HeadResult result;

  void read(std::string_view octets) {
    if (way == Way::parse_new) {
      result.verdict = parser.parse_new(octets);
    } else {
      parser.reset();
      result.verdict = parser.parse(octets);
    }
    result.reason = parser.reason();
    result.consumed_bytes = parser.consumed_bytes();
    result.started = parser.started();
    if (result.verdict == Verdict::complete) {
      result.head = parser.head();
      result.fields.assign(result.head.fields.begin(), result.head.fields.end());
    }
  }
};

TEST(WholeLines, SEG_001_a_million_damaged_heads_are_read_alike_by_all_scanners) {
  std::vector<std::string> originals;
  for (const Vector& vector : all_vectors("head")) {
    // Good ones more often: a refused input mostly stays refused.
    const int times = vector.outcome == Vector::Outcome::accepted ? 12 : 1;
    if (vector.octets.size() <= 4096) originals.insert(originals.end(), times, vector.octets);
  }
  Mutations mutations(std::move(originals), 20261121);
  std::vector<std::unique_ptr<Twin>> twins;
  for (const Scanner* scanner : all_scanners()) {
    twins.push_back(std::make_unique<Twin>(*scanner, Twin::Way::parse_new));
    twins.push_back(std::make_unique<Twin>(*scanner, Twin::Way::reset_and_parse));
  }
  std::size_t complete = 0;
  std::size_t rejected = 0;
  for (int round = 0; round < 1'000'000; ++round) {
    const std::string& octets = mutations.next();
    for (auto& twin : twins) twin->read(octets);
    for (auto& twin : twins) {
      ASSERT_EQ(twin->result, twins[0]->result)
          << "round " << round << ": " << testing::PrintToString(octets);
    }
    complete += twins[0]->result.verdict == Verdict::complete;
    rejected += twins[0]->result.verdict == Verdict::rejected;
  }
  // The damage is such that both happen often.
  EXPECT_GT(complete, 50'000u);
  EXPECT_GT(rejected, 500'000u);
}

#if defined(__x86_64__)

TEST(WholeLines, read_lines_that_end_anywhere_in_a_vector) {
  const Scanner& scanner = sse2_scanner();
  for (std::size_t target = 1; target < 150; ++target) {
    const std::string line = "GET /" + std::string(target - 1, 'a') + " HTTP/1.1\r\n";
    for (std::size_t behind = 0; behind < 20; ++behind) {
      const std::string octets = line + std::string(behind, '\r');
      RequestHead head;
      const char* const begin = octets.data();
      const char* const end =
          read_whole_request_line({begin, begin + octets.size(), &scanner}, begin, head);
      ASSERT_EQ(end, begin + line.size()) << target << ' ' << behind;
      EXPECT_EQ(head.path.bytes, target);
    }
  }
  for (std::size_t value = 1; value < 150; ++value) {
    const std::string line = "Name: " + std::string(value, 'v') + "\r\n";
    for (std::size_t front = 16; front < 32; ++front) {
      const std::string octets = std::string(front, ' ') + line;
      Field field;
      const char* const begin = octets.data();
      const char* const end =
          read_whole_field({begin, begin + octets.size(), &scanner}, begin + front, field);
      ASSERT_EQ(end, begin + octets.size()) << value << ' ' << front;
      EXPECT_EQ(field.value.bytes, value);
      EXPECT_EQ(field.name.begin, front);
    }
  }
}

TEST(WholeLines, leave_what_is_not_plain_to_the_slower_road) {
  const auto reads = [](const std::string& line) {
    const std::string octets = std::string(16, ' ') + line;
    Field field;
    const char* const begin = octets.data();
    return read_whole_field({begin, begin + octets.size(), &sse2_scanner()}, begin + 16, field) !=
           nullptr;
  };
  EXPECT_TRUE(reads("A: b\r\n"));
  EXPECT_TRUE(reads("A:b\r\n"));
  EXPECT_TRUE(reads("Host: h:65535\r\n"));
  for (const char* line : {"A: b",
                           "A: b\r",
                           "A: b\rx",
                           "A: b\n",
                           "A:  b\r\n",
                           "A: b \r\n",
                           "A: b\t\r\n",
                           "A:\r\n",
                           "A: b\tc\r\n",
                           "A : b\r\n",
                           ": b\r\n",
                           "A\r\n",
                           "A_B: c\r\n",
                           "A: \x01\r\n",
                           "A: \x7f\r\n",
                           "Host: h/\r\n",
                           "Host: h:\r\n",
                           "Host: h:0\r\n",
                           "Host: h:080\r\n",
                           "Host: h:65536\r\n",
                           "Host: [::1]\r\n",
                           "Host: h:80x\r\n",
                           "A:",
                           "A",
                           ""}) {
    EXPECT_FALSE(reads(line)) << line;
  }
}

#endif

}  // namespace
}  // namespace pelton::http::testing_h1
