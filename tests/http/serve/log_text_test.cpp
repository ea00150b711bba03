#include "http/serve/log_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pelton::http {
namespace {

std::string put(std::string_view octets, LogEscape escape) {
  std::string out(octets.size() * 5 + 16, '\0');
  out.resize(static_cast<std::size_t>(put_log_text(out.data(), octets, escape) - out.data()));
  return out;
}

// One octet at a time, as the rule reads.
std::string by_rule(std::string_view octets, LogEscape escape) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char one : octets) {
    const auto octet = static_cast<unsigned char>(one);
    if (octet >= 0x20 && octet < 0x7F && octet != '"' && octet != '\\') {
      out += one;
    } else {
      out += escape == LogEscape::json ? "\\\\x" : "\\x";
      out += digits[octet >> 4];
      out += digits[octet & 15];
    }
  }
  return out;
}

TEST(LogText, H1_097_control_octets_quotes_and_what_is_not_ascii_are_escaped) {
  EXPECT_EQ(put("a\"b\\c\n\x7f\xc3\xa9", LogEscape::text), "a\\x22b\\x5cc\\x0a\\x7f\\xc3\\xa9");
  EXPECT_EQ(put("a\"b", LogEscape::json), "a\\\\x22b");
  EXPECT_EQ(put("", LogEscape::text), "");
}

TEST(LogText, H1_097_every_octet_at_every_place_and_length) {
  for (std::size_t bytes = 0; bytes <= 40; ++bytes) {
    for (std::size_t at = 0; at < bytes; ++at) {
      for (int octet = 0; octet < 256; ++octet) {
        std::string text(bytes, 'p');
        text[at] = static_cast<char>(octet);
        ASSERT_EQ(put(text, LogEscape::text), by_rule(text, LogEscape::text));
        ASSERT_EQ(put(text, LogEscape::json), by_rule(text, LogEscape::json));
      }
    }
  }
}

}  // namespace
}  // namespace pelton::http
