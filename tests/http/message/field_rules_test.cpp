#include "http/message/field_rules.hpp"

#include <gtest/gtest.h>

#include <string>

#include "http/message/octets.hpp"

namespace pelton::http {
namespace {

TEST(FieldRules, names_are_the_same_in_any_case_and_in_no_other_way) {
  // Every pair of octets, wherever the eight that are compared at once begin and end.
  for (const std::size_t bytes : {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 24}) {
    std::string left(bytes, 'x');
    std::string right(bytes, 'X');
    EXPECT_TRUE(is_same_name(left, right));
    EXPECT_FALSE(is_same_name(left, right + "X"));
    for (std::size_t at = 0; at < bytes; at += bytes < 10 ? 1 : 5) {
      for (unsigned one = 0; one < 256; ++one) {
        for (unsigned other = 0; other < 256; ++other) {
          left[at] = static_cast<char>(one);
          right[at] = static_cast<char>(other);
          const bool same = to_lower(left[at]) == to_lower(right[at]);
          if (is_same_name(left, right) != same) {
            FAIL() << one << ' ' << other << " at " << at << " of " << bytes;
          }
        }
      }
      left[at] = right[at] = 'y';
    }
  }
  EXPECT_TRUE(is_same_name("", ""));
  EXPECT_FALSE(is_same_name("", "a"));
}

TEST(FieldRules, RSP_014_names_are_tokens) {
  for (const char* name : {"A", "X-Y", "!#$%&'*+-.^_`|~09"}) EXPECT_TRUE(is_token(name)) << name;
  for (const char* name : {"", "a b", "a:", "a\r", "a\n", "\xc3\xa9", "a,b", "\"a\"", "a/b"}) {
    EXPECT_FALSE(is_token(name)) << name;
  }
}

TEST(FieldRules, RSP_014_values_hold_no_line_end) {
  for (const char* value : {"", "a", " a\t", "\x80\xff"})
    EXPECT_TRUE(is_field_value(value)) << value;
  for (const char* value : {"a\r\nb", "a\nb", "a\r", "\x01", "\x1b", "\x7f"}) {
    EXPECT_FALSE(is_field_value(value)) << value;
  }
  EXPECT_FALSE(is_field_value(std::string_view("a\0b", 3)));
}

TEST(FieldRules, RSP_011_content_length) {
  std::uint64_t length = 0;
  EXPECT_TRUE(read_content_length("9223372036854775807", length));
  EXPECT_EQ(length, 9223372036854775807u);
  for (const char* text : {"0", "7", "1000000"}) EXPECT_TRUE(is_content_length(text)) << text;
  for (const char* text : {"", "00", "01", "-1", "+1", "1 ", "1,1", "9223372036854775808",
                           "18446744073709551617", "0x1", "1e3"}) {
    EXPECT_FALSE(is_content_length(text)) << text;
  }
}

TEST(FieldRules, RSP_013_fields_of_the_connection) {
  for (const char* name :
       {"Transfer-Encoding", "KEEP-ALIVE", "Proxy-Connection", "Upgrade", "te", "Connection"}) {
    EXPECT_TRUE(is_hop_by_hop(name, "x")) << name;
  }
  EXPECT_FALSE(is_hop_by_hop("Connection", "Close"));
  EXPECT_TRUE(is_hop_by_hop("Connection", "close, x"));
  for (const char* name : {"Content-Type", "Trailer", "Keep-Alive-X", "X-Upgrade", "t"}) {
    EXPECT_FALSE(is_hop_by_hop(name, "close")) << name;
  }
}

TEST(FieldRules, H1_068_trailers) {
  for (const char* name : {"Transfer-Encoding",
                           "Content-Length",
                           "content-type",
                           "Content-Encoding",
                           "Content-Range",
                           "Content-Location",
                           "Content-Disposition",
                           "Host",
                           "Connection",
                           "Keep-Alive",
                           "Proxy-X",
                           "TE",
                           "Trailer",
                           "Upgrade",
                           "Expect",
                           "Authorization",
                           "Cookie",
                           "Set-Cookie",
                           "Cache-Control",
                           "Range",
                           "If-Anything",
                           "Max-Forwards",
                           "Origin",
                           "Forwarded",
                           "X-Forwarded-For",
                           "Sec-X"}) {
    EXPECT_TRUE(is_forbidden_trailer(name)) << name;
    EXPECT_FALSE(is_forbidden_trailer(std::string("Z") + name)) << name;
  }
  for (const char* name : {"ETag", "Content-MD5", "Proxy", "If", "Sec", "X-Forwarded", "Hosts"}) {
    EXPECT_FALSE(is_forbidden_trailer(name)) << name;
  }
  // A prefix of a long name is as good as the name.
  const std::string longest(40, 'x');
  EXPECT_FALSE(is_forbidden_trailer(longest.substr(0, trailer_name_prefix_bytes)));
}

}  // namespace
}  // namespace pelton::http
