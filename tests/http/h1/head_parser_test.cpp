#include "http/h1/head_parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/http/h1/feed.hpp"

namespace pelton::http {
namespace {

class HeadParserTest : public testing::TestWithParam<const Scanner*> {
 protected:
  HeadLimits limits;
  std::vector<Field> storage = std::vector<Field>(limits.header_count_max);
  HeadParser parser{limits, storage, *GetParam()};
};

TEST_P(HeadParserTest, hands_out_spans_of_a_plain_request) {
  const std::string octets =
      "GET /a%20b?x=1&y HTTP/1.1\r\nHost: Example.org:8080\r\nAccept:  */*\t\r\n"
      "User-Agent: a rather long value that does not end within thirty-two octets\r\n"
      "X-Empty:\r\n\r\nnext";
  ASSERT_EQ(parser.parse(octets), Verdict::complete) << reason_row(parser.reason()).word;
  const RequestHead& head = parser.head();
  EXPECT_EQ(head.method, Method::get);
  EXPECT_EQ(head.text(head.method_text), "GET");
  EXPECT_EQ(head.version_minor, 1);
  EXPECT_EQ(head.form, TargetForm::origin);
  EXPECT_EQ(head.text(head.target), "/a%20b?x=1&y");
  EXPECT_EQ(head.text(head.path), "/a%20b");
  EXPECT_EQ(head.text(head.query), "x=1&y");
  EXPECT_EQ(head.text(head.authority), "Example.org:8080");
  EXPECT_EQ(head.head_bytes, octets.size() - 4);
  ASSERT_EQ(head.fields.size(), 4u);
  EXPECT_EQ(head.fields[0].known, FieldName::host);
  EXPECT_EQ(head.text(head.fields[1].name), "Accept");
  EXPECT_EQ(head.text(head.fields[1].value), "*/*");
  EXPECT_EQ(head.text(head.fields[3].value), "");
  EXPECT_TRUE(head.keep_alive);
  EXPECT_EQ(head.framing, BodyFraming::none);
}

// H1-003: the empty line in front starts no timer.
TEST_P(HeadParserTest, H1_003_says_when_a_request_has_begun) {
  std::string octets;
  EXPECT_FALSE(parser.started());
  for (const char octet : {'\r', '\n'}) {
    octets += octet;
    EXPECT_EQ(parser.parse(octets), Verdict::need_more);
    EXPECT_FALSE(parser.started());
  }
  octets += 'G';
  EXPECT_EQ(parser.parse(octets), Verdict::need_more);
  EXPECT_TRUE(parser.started());
}

TEST_P(HeadParserTest, reads_pipelined_heads_one_after_another) {
  const std::string octets =
      "GET /1 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\n"
      "Content-Length: 0\r\nUpgrade: x\r\n\r\n"
      "POST http://b/2?q HTTP/1.1\r\nHost: b\r\n\r\nGET /3 HTTP/1.0\r\n\r\n";
  ASSERT_EQ(parser.parse(octets), Verdict::complete);
  std::string_view rest = std::string_view(octets).substr(parser.head().head_bytes);
  parser.reset();
  ASSERT_EQ(parser.parse(rest), Verdict::complete);
  // Nothing of the request before it is left.
  EXPECT_EQ(parser.head().text(parser.head().path), "/2");
  EXPECT_TRUE(parser.head().keep_alive);
  EXPECT_FALSE(parser.head().expects_continue);
  EXPECT_FALSE(parser.head().has_upgrade);
  EXPECT_EQ(parser.head().framing, BodyFraming::none);
  EXPECT_EQ(parser.head().fields.size(), 1u);
  rest.remove_prefix(parser.head().head_bytes);
  parser.reset();
  ASSERT_EQ(parser.parse(rest), Verdict::complete);
  EXPECT_EQ(parser.head().text(parser.head().path), "/3");
  EXPECT_EQ(parser.head().form, TargetForm::origin);
  EXPECT_EQ(parser.head().query.bytes, 0u);
  EXPECT_EQ(parser.head().authority.bytes, 0u);
  EXPECT_EQ(parser.head().head_bytes, rest.size());
}

// Time is linear in octets however they come: resumed at every octet, no octet is scanned again.
TEST_P(HeadParserTest, GEN_003_goes_on_where_it_stopped) {
  const std::string octets =
      "GET / HTTP/1.1\r\nHost: a\r\nCookie: " + std::string(8000, 'c') + "\r\n\r\n";
  for (std::size_t bytes = 1; bytes < octets.size(); ++bytes) {
    const std::uint32_t before = parser.consumed_bytes();
    ASSERT_EQ(parser.parse(std::string_view(octets).substr(0, bytes)), Verdict::need_more);
    ASSERT_EQ(before, bytes - 1);
    ASSERT_EQ(parser.consumed_bytes(), bytes);
  }
  EXPECT_EQ(parser.parse(octets), Verdict::complete);
}

INSTANTIATE_TEST_SUITE_P(Scanners, HeadParserTest,
                         testing::ValuesIn(testing_h1::all_scanners().begin(),
                                           testing_h1::all_scanners().end()),
                         [](const auto& context) { return std::string(context.param->name); });

}  // namespace
}  // namespace pelton::http
