#include "http/h1/head_parser.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace noria::http {
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

std::vector<const Scanner*> scanners() {
  std::vector<const Scanner*> all{&portable_scanner()};
#if defined(__x86_64__)
  all.push_back(&sse2_scanner());
  if (CpuFeatures::of_this_machine().avx2) all.push_back(&avx2_scanner());
#endif
  return all;
}

INSTANTIATE_TEST_SUITE_P(Scanners, HeadParserTest, testing::ValuesIn(scanners()),
                         [](const auto& context) { return std::string(context.param->name); });

}  // namespace
}  // namespace noria::http
