#include "http/message/authority.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pelton::http {
namespace {

std::string normal(std::string_view text, std::uint16_t default_port = http_port) {
  std::string into(text.size(), '\0');
  into.resize(normalise_authority(text, default_port, into.data()));
  return into;
}

TEST(Authority, H1_041_is_read_in_its_parts) {
  Authority parts;
  ASSERT_TRUE(read_authority("Example.org:8080", parts));
  EXPECT_EQ(parts.host, "Example.org");
  EXPECT_EQ(parts.port, 8080);
  ASSERT_TRUE(read_authority("h", parts));
  EXPECT_EQ(parts.host, "h");
  EXPECT_EQ(parts.port, 0);
  ASSERT_TRUE(read_authority("[::1]:65535", parts));
  EXPECT_EQ(parts.host, "[::1]");
  EXPECT_EQ(parts.port, 65535);
  for (const char* text : {"", ":", ":80", "h:", "h:0", "h:65536", "h:01", "u@h", "h/", "a b", "[",
                           "[]", "[::1", "[::1]x", "[::1%25e]", "h:+1", "h:1 "}) {
    EXPECT_FALSE(read_authority(text, parts)) << text;
  }
  EXPECT_TRUE(read_authority(std::string(host_bytes_max, 'a') + ":65535", parts));
  EXPECT_FALSE(read_authority(std::string(host_bytes_max + 1, 'a'), parts));
}

TEST(Authority, H1_041_ports) {
  for (const char* text : {"1", "80", "65535", "10000"}) EXPECT_TRUE(is_port(text)) << text;
  for (const char* text : {"", "0", "00", "080", "65536", "99999", "100000", "-1", " 1", "1a"}) {
    EXPECT_FALSE(is_port(text)) << text;
  }
}

TEST(Authority, H1_042_normal_form) {
  EXPECT_EQ(normal("EXAMPLE.Org"), "example.org");
  EXPECT_EQ(normal("EXAMPLE.Org:80"), "example.org");
  EXPECT_EQ(normal("EXAMPLE.Org:8080"), "example.org:8080");
  EXPECT_EQ(normal("h:80", 443), "h:80");
  EXPECT_EQ(normal("h:443", 443), "h");
  EXPECT_EQ(normal("Example.org."), "example.org.");
  EXPECT_EQ(normal("[FE80::A]:80"), "[fe80::a]");
  EXPECT_LE(normal(std::string(host_bytes_max, 'A') + ":65535").size(), authority_bytes_max);
}

TEST(Authority, H1_024_comparison_is_that_of_normal_forms) {
  const std::string_view texts[] = {"h", "H",     "h:80",     "h:8080", "h.",
                                    "g", "[::1]", "[::1]:80", "[::A]",  "[::a]"};
  for (const std::string_view left : texts) {
    for (const std::string_view right : texts) {
      EXPECT_EQ(same_authority(left, right, http_port), normal(left) == normal(right))
          << left << ' ' << right;
    }
  }
}

}  // namespace
}  // namespace pelton::http
