// What is judged at the ends of lines and of the head, and in which order (H1-090 to H1-092): each
// pair of troubles that can meet there.
#include <gtest/gtest.h>

#include <string>

#include "tests/http/h1/feed.hpp"

namespace pelton::http::testing_h1 {
namespace {

std::string_view verdict(const std::string& octets) {
  const HeadResult result = read_head(octets, {}, portable_scanner());
  EXPECT_NE(result.verdict, Verdict::need_more);
  for (const Scanner* scanner : all_scanners()) EXPECT_EQ(read_head(octets, {}, *scanner), result);
  return result.verdict == Verdict::complete ? "accepted" : reason_row(result.reason).word;
}

TEST(HeadVerdicts, H1_091_of_a_request_line_version_form_connect) {
  EXPECT_EQ(verdict("CONNECT foo HTTP/1.2\r\n"), "version_unsupported");
  EXPECT_EQ(verdict("CONNECT foo HTTP/1.1\r\n"), "target_form");
  EXPECT_EQ(verdict("CONNECT foo:1 HTTP/1.1\r\n"), "connect_unsupported");
}

TEST(HeadVerdicts, H1_091_of_a_field_line_duplicate_then_value) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n";
  EXPECT_EQ(verdict(head + "Host: /\r\n"), "header_duplicate");
  EXPECT_EQ(verdict(head + "Content-Length: x\r\n"), "header_duplicate");
  EXPECT_EQ(verdict(head + "Expect: x\r\n"), "expect_unknown");
  EXPECT_EQ(verdict(head + "Transfer-Encoding: x\r\n"), "transfer_encoding");
}

TEST(HeadVerdicts, H1_092_of_a_head_in_its_order) {
  const std::string both = "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(verdict("POST http://a HTTP/1.1\r\n" + both), "host_missing");
  EXPECT_EQ(verdict("POST http://a HTTP/1.1\r\nHost: b\r\n" + both), "authority_mismatch");
  EXPECT_EQ(verdict("POST http://a HTTP/1.0\r\nHost: b\r\n" + both), "authority_mismatch");
  EXPECT_EQ(verdict("POST http://a HTTP/1.0\r\nHost: a\r\n" + both), "transfer_encoding_http10");
  EXPECT_EQ(verdict("POST http://a HTTP/1.1\r\nHost: a\r\n" + both), "framing_conflict");
  EXPECT_EQ(verdict("POST http://a HTTP/1.1\r\nHost: a\r\n\r\n"), "accepted");
}

}  // namespace
}  // namespace pelton::http::testing_h1
