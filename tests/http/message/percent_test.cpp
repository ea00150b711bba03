#include "http/message/percent.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace pelton::http {
namespace {

using std::string_view_literals::operator""sv;

std::string percent_decoded(std::string_view text) {
  std::string out(text.size(), '?');
  out.resize(decode_percent(text, out.data()));
  return out;
}

std::string form_decoded(std::string_view text) {
  std::string out(text.size(), '?');
  out.resize(decode_form(text, out.data()));
  return out;
}

std::string replaced(std::string_view octets) {
  std::string out;
  append_replacing_invalid_utf8(out, octets);
  return out;
}

// Table 3-7 of the Unicode standard, row by row: how many octets of `octets` begin a well-formed
// sequence, and how long that would be whole.
struct Row {
  unsigned char lead_min, lead_max, second_min, second_max;
  std::size_t bytes;
};
constexpr std::array<Row, 8> table_3_7 = {{{0xC2, 0xDF, 0x80, 0xBF, 2},
                                           {0xE0, 0xE0, 0xA0, 0xBF, 3},
                                           {0xE1, 0xEC, 0x80, 0xBF, 3},
                                           {0xED, 0xED, 0x80, 0x9F, 3},
                                           {0xEE, 0xEF, 0x80, 0xBF, 3},
                                           {0xF0, 0xF0, 0x90, 0xBF, 4},
                                           {0xF1, 0xF3, 0x80, 0xBF, 4},
                                           {0xF4, 0xF4, 0x80, 0x8F, 4}}};

std::string reference_replaced(std::string_view octets) {
  std::string out;
  while (!octets.empty()) {
    const auto at = [&](std::size_t index) { return static_cast<unsigned char>(octets[index]); };
    std::size_t taken = 1;
    bool whole = at(0) < 0x80;
    for (const Row& row : table_3_7) {
      if (at(0) < row.lead_min || at(0) > row.lead_max) continue;
      if (octets.size() > 1 && at(1) >= row.second_min && at(1) <= row.second_max) {
        taken = 2;
        while (taken < row.bytes && taken < octets.size() && (at(taken) & 0xC0) == 0x80) ++taken;
      }
      whole = taken == row.bytes;
    }
    out += whole ? octets.substr(0, taken) : "\xEF\xBF\xBD";
    octets.remove_prefix(taken);
  }
  return out;
}

TEST(Percent, URL_001_escapes_are_decoded_once) {
  EXPECT_EQ(percent_decoded(""), "");
  EXPECT_EQ(percent_decoded("abc"), "abc");
  EXPECT_EQ(percent_decoded("%41%7a%C3%a9"), "Az\xC3\xA9");
  EXPECT_EQ(percent_decoded("%2541"), "%41");
  EXPECT_EQ(percent_decoded("a%2Fb+c"), "a/b+c");
  EXPECT_EQ(percent_decoded("%00"), "\0"sv);
}

TEST(Percent, URL_004_malformed_escapes_stay_and_plus_is_a_space_in_forms) {
  for (const std::string_view text :
       {"%", "%4", "%g1", "%1g", "%%", "a%", "a%2", "%:0", "%0:", "%@1", "%G0", "% 1"}) {
    EXPECT_EQ(percent_decoded(text), text);
    EXPECT_EQ(form_decoded(text), text);
  }
  EXPECT_EQ(percent_decoded("%%41"), "%A");
  EXPECT_EQ(percent_decoded("%4%41"), "%4A");
  EXPECT_EQ(form_decoded("a+b%2Bc%20d"), "a b+c d");
  EXPECT_EQ(form_decoded("%+1"), "% 1");
}

TEST(Percent, a_decoded_path_is_escaped_for_a_URL) {
  std::string url = "https://h";
  append_path_escaped(url, "/a b/%\"?#[\xC3\xA9\r\n-._~!$&'()*+,;=:@9Z");
  EXPECT_EQ(url, "https://h/a%20b/%25%22%3F%23%5B%C3%A9%0D%0A-._~!$&'()*+,;=:@9Z");
}

TEST(Percent, decoding_in_place) {
  std::string text = "a%41%42+%";
  text.resize(decode_form(text, text.data()));
  EXPECT_EQ(text, "aAB %");
}

TEST(Percent, plain_forms) {
  for (std::size_t bytes = 0; bytes < 40; ++bytes) {
    const std::string plain(bytes, 'a');
    EXPECT_TRUE(is_plain_form(plain));
    for (std::size_t index = 0; index < bytes; ++index) {
      for (const char mark : {'%', '+', '\x80', '\xFF'}) {
        std::string marked = plain;
        marked[index] = mark;
        EXPECT_FALSE(is_plain_form(marked)) << bytes << ' ' << index;
      }
      for (const char other : {'$', '&', '*', ',', '\x7F', '\0'}) {
        std::string unmarked = plain;
        unmarked[index] = other;
        EXPECT_TRUE(is_plain_form(unmarked)) << bytes << ' ' << index;
      }
    }
  }
}

// What bytes.decode("utf-8", "replace") of CPython 3.11 gives for the octets on the left.
TEST(Percent, URL_004_bad_utf8_is_replaced_as_python_does) {
  constexpr std::array<std::array<std::string_view, 2>, 18> vectors = {{
      {"\x80", "\xEF\xBF\xBD"},
      {"\xBF\xBF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xC0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xC1\xBF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xC3", "\xEF\xBF\xBD"},
      {"\xC3(", "\xEF\xBF\xBD("},
      {"\xE2\x82", "\xEF\xBF\xBD"},
      {"\xE2\x82(", "\xEF\xBF\xBD("},
      {"\xE2(\x82", "\xEF\xBF\xBD(\xEF\xBF\xBD"},
      {"\xE0\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xED\x9F\xBF", "\xED\x9F\xBF"},
      {"\xF0\x9F\x98", "\xEF\xBF\xBD"},
      {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
      {"\xF0\x80\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xF5", "\xEF\xBF\xBD"},
      {"\xF0\x9F\xC3\xA9", "\xEF\xBF\xBD\xC3\xA9"},
  }};
  for (const auto& [octets, text] : vectors) {
    EXPECT_EQ(replaced(octets), text);
    EXPECT_EQ(valid_utf8(octets), octets == text);
    // The same behind and before enough ASCII that words of eight octets are looked at.
    for (std::size_t pad = 0; pad < 10; ++pad) {
      const std::string letters(pad, 'x');
      std::string padded = letters;
      padded += octets;
      padded += letters;
      std::string expected = letters;
      expected += text;
      expected += letters;
      EXPECT_EQ(replaced(padded), expected);
      EXPECT_EQ(valid_utf8(padded), octets == text);
    }
  }
}

TEST(Percent, utf8_agrees_with_the_table_of_the_standard_on_every_short_sequence) {
  constexpr std::string_view edges =
      "\x00\x41\x7F\x80\x8F\x90\x9F\xA0\xBF\xC0\xC1\xC2\xDF\xE0\xE1\xEC\xED\xEE\xEF\xF0\xF1\xF3\xF4"
      "\xF5\xFF"sv;
  std::string octets(4, '\0');
  for (const char first : edges) {
    for (const char second : edges) {
      for (const char third : edges) {
        for (const char fourth : edges) {
          octets = {first, second, third, fourth};
          const std::string expected = reference_replaced(octets);
          ASSERT_EQ(replaced(octets), expected);
          ASSERT_EQ(valid_utf8(octets), octets == expected);
        }
      }
    }
  }
}

TEST(Percent, form_text_is_the_input_itself_where_nothing_changes) {
  std::string scratch;
  const std::string_view plain = "abc-_.~";
  EXPECT_EQ(form_text(plain, scratch).data(), plain.data());
  EXPECT_EQ(form_octets(plain, scratch).data(), plain.data());
  EXPECT_EQ(form_text("a%20b", scratch), "a b");
  EXPECT_EQ(form_text("%C3%A9", scratch), "\xC3\xA9");
  EXPECT_EQ(form_text("%FFx", scratch), "\xEF\xBF\xBDx");
  EXPECT_EQ(form_text("\xFFx", scratch), "\xEF\xBF\xBDx");
  EXPECT_EQ(form_octets("%FFx", scratch), "\xFFx");
}

}  // namespace
}  // namespace pelton::http
