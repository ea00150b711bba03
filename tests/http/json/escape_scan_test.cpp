// JSN-005: escapes resolve to the characters they name; lone surrogates are none.
#include "http/json/escape_scan.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pelton::http::json {
namespace {

TEST(EscapeScan, each_letter_stands_for_one_character) {
  const std::string letters = "\"\\/bfnrt";
  const std::string meant = "\"\\/\b\f\n\r\t";
  for (unsigned octet = 0; octet < 256; ++octet) {
    const auto at = letters.find(static_cast<char>(octet));
    const char wanted = octet == 0 || at == std::string::npos ? '\0' : meant[at];
    EXPECT_EQ(simple_escapes[octet], wanted) << octet;
  }
}

TEST(EscapeScan, four_digits_make_a_value) {
  EXPECT_EQ(read_hex4("0000"), 0);
  EXPECT_EQ(read_hex4("09aF"), 0x9af);
  EXPECT_EQ(read_hex4("FFFF\""), 0xffff);
  for (const char* wrong : {"", "12", "123", "123g", "12 4", "-123", "@@@@", "````"}) {
    EXPECT_EQ(read_hex4(wrong), -1) << wrong;
  }
}

struct Read {
  bool well_formed;
  unsigned code_point;
  std::size_t octets;
  bool operator==(const Read&) const = default;
};

Read read(const std::string& text) {
  const char* p = text.c_str();
  unsigned code_point = 0;
  const bool well_formed = read_unicode_escape(p, code_point);
  return {well_formed, well_formed ? code_point : 0,
          well_formed ? static_cast<std::size_t>(p - text.c_str()) : 0};
}

TEST(EscapeScan, a_pair_of_surrogates_makes_one_code_point) {
  EXPECT_EQ(read(R"(\u0041bc)"), (Read{true, 0x41, 6}));
  EXPECT_EQ(read(R"(\uffff)"), (Read{true, 0xffff, 6}));
  EXPECT_EQ(read(R"(\ud800\udc00)"), (Read{true, 0x10000, 12}));
  EXPECT_EQ(read(R"(\uDBFF\uDFFFx)"), (Read{true, 0x10ffff, 12}));
}

TEST(EscapeScan, a_lone_surrogate_is_no_character) {
  for (const char* wrong : {R"(\ud800)", R"(\udc00)", R"(\ud800\u0041)", R"(\ud800\ud800)",
                            R"(\ud800x)", R"(\ud800\n)", R"(\udfff\udc00)", R"(\ud800\u)"}) {
    EXPECT_EQ(read(wrong), (Read{false, 0, 0})) << wrong;
  }
}

}  // namespace
}  // namespace pelton::http::json
