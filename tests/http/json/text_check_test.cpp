// JSN-001 to JSN-005, LIM-060, LIM-061: what another decoder may be given.
#include "http/json/text_check.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pelton::http::json {
namespace {

constexpr TextLimits usual{.depth_max = 1024, .number_bytes_max = 4300};

bool fits(const std::string& text, const TextLimits& limits = usual) {
  return is_text_within(text, limits);
}

TEST(TextCheck, takes_what_the_grammar_has) {
  for (const char* text :
       {"null",
        " true ",
        "\t\n\r false",
        "0",
        "-0",
        "-0.0",
        "12",
        "1.5",
        "1e5",
        "1E+5",
        "2.5e-3",
        "\"\"",
        "\"a\"",
        "[]",
        "{}",
        "[ ]",
        "{ }",
        "[1,2]",
        "[ 1 , [2] , {} ]",
        R"({"a":1})",
        R"({"a" : {"b":[true,false,null]}, "c":"d"})",
        R"("\"\\\/\b\f\n\r\t\u0041\ud83d\ude00")",
        "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
        R"("\u0000")",
        "1e-400",
        "\"a text that is longer than one block of sixteen octets \\n and goes on\""}) {
    EXPECT_TRUE(fits(text)) << text;
  }
}

TEST(TextCheck, refuses_what_the_grammar_has_not) {
  for (const char* text : {"",
                           " ",
                           "nul",
                           "nulll",
                           "True",
                           "NaN",
                           "Infinity",
                           "-Infinity",
                           "-",
                           "+1",
                           "01",
                           "-01",
                           ".5",
                           "1.",
                           "1.e5",
                           "1e",
                           "1e+",
                           "0x1",
                           "1 2",
                           "[",
                           "]",
                           "[1",
                           "[1,",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "{",
                           "{}}",
                           R"({"a")",
                           R"({"a":)",
                           R"({"a":1)",
                           R"({"a":1,})",
                           R"({"a" 1})",
                           "{1:2}",
                           R"({"a":1])",
                           "[1}",
                           "\"",
                           "\"a",
                           "\"\\\"",
                           "\"\\",
                           "\"\\x\"",
                           "\"\\u\"",
                           "\"\\u12\"",
                           "\"\\u12g4\"",
                           "\"\n\"",
                           "\"\x01\"",
                           "'a'",
                           "\xef\xbb\xbf{}",
                           "// x\n1",
                           "[1] x",
                           R"("\ud800")",
                           R"("\udc00")",
                           R"("\ud800\u0041")",
                           "\"\xff\"",
                           "\"\xc3\"",
                           "\"\xc3\\n\xa9\"",
                           "\"\xed\xa0\x80\"",
                           "\"\xc0\x80\"",
                           "{\"\xff\":1}",
                           "1e400",
                           "-1e400"}) {
    EXPECT_FALSE(fits(text)) << text;
  }
  EXPECT_FALSE(fits(std::string("1\0", 2)));
  EXPECT_FALSE(fits(std::string("\"\0\"", 3)));
  EXPECT_FALSE(fits(std::string("[\0]", 3)));
}

TEST(TextCheck, a_float_beyond_binary64_is_refused_however_it_is_written) {
  EXPECT_TRUE(fits(std::string(308, '9') + ".5"));
  EXPECT_TRUE(fits(std::string("1").append(308, '0') + ".0"));
  EXPECT_FALSE(fits(std::string("1").append(309, '0') + ".0"));
  EXPECT_TRUE(fits(std::string("1").append(309, '0')));  // an integer has no such limit
  EXPECT_TRUE(fits("1.7976931348623157e308"));
  EXPECT_FALSE(fits("1.8e308"));
}

std::string nested(std::size_t depth, char open, char close, const std::string& inner) {
  return std::string(depth, open) + inner + std::string(depth, close);
}

std::string objects(std::size_t depth) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += R"({"a":)";
  return text + "1" + std::string(depth, '}');
}

TEST(TextCheck, depth_counts_containers_and_the_empty_one_too) {
  for (const std::uint32_t depth_max : {1u, 2u, 63u, 64u, 65u, 128u, 129u, 1024u}) {
    const TextLimits limits{.depth_max = depth_max, .number_bytes_max = 4300};
    for (const char* inner : {"", "1"}) {
      EXPECT_TRUE(fits(nested(depth_max - 1, '[', ']', "1"), limits));
      EXPECT_TRUE(fits(nested(depth_max, '[', ']', inner), limits));
      EXPECT_FALSE(fits(nested(depth_max + 1, '[', ']', inner), limits));
    }
    EXPECT_TRUE(fits(objects(depth_max), limits));
    EXPECT_FALSE(fits(objects(depth_max + 1), limits));
  }
  EXPECT_TRUE(fits("1", {.depth_max = 0, .number_bytes_max = 1}));
  EXPECT_FALSE(fits("[]", {.depth_max = 0, .number_bytes_max = 1}));
}

TEST(TextCheck, each_container_ends_as_it_began_at_any_depth) {
  for (const std::size_t depth : {1u, 2u, 62u, 63u, 64u, 65u, 127u, 128u, 129u, 200u}) {
    // Objects and arrays in turn, so that a lost bit shows.
    std::string open;
    std::string close;
    for (std::size_t i = 0; i < depth; ++i) {
      const bool object = i % 3 == 0;
      open += object ? R"({"k":)" : "[";
      const std::string end = object ? ",\"l\":[]}" : ",{}]";
      close = end + close;
    }
    EXPECT_TRUE(fits(open + "0" + close)) << depth;
    for (std::size_t at = 0; at < close.size(); ++at) {
      std::string wrong = close;
      if (wrong[at] == '}') {
        wrong[at] = ']';
      } else if (wrong[at] == ']') {
        wrong[at] = '}';
      } else {
        continue;
      }
      EXPECT_FALSE(fits(open + "0" + wrong)) << depth << " at " << at;
    }
  }
}

TEST(TextCheck, the_length_of_a_number_leaves_its_sign_out) {
  for (const std::uint32_t bytes_max : {1u, 5u, 20u, 310u, 4300u}) {
    const TextLimits limits{.depth_max = 4, .number_bytes_max = bytes_max};
    EXPECT_TRUE(fits(std::string(bytes_max, '7'), limits));
    EXPECT_TRUE(fits(std::string("-").append(bytes_max, '7'), limits));
    EXPECT_FALSE(fits(std::string(bytes_max + 1, '7'), limits));
    EXPECT_FALSE(fits(std::string("[").append(bytes_max + 1, '7') + "]", limits));
    if (bytes_max < 3) continue;
    EXPECT_TRUE(fits(std::string("0.").append(bytes_max - 2, '7'), limits));
    EXPECT_FALSE(fits(std::string("0.").append(bytes_max - 1, '7'), limits));
  }
  EXPECT_TRUE(fits("1e10", {.depth_max = 1, .number_bytes_max = 4}));
  EXPECT_FALSE(fits("1e100", {.depth_max = 1, .number_bytes_max = 4}));
}

}  // namespace
}  // namespace pelton::http::json
