#include "http/forms/multipart_parser.hpp"

#include <gtest/gtest.h>

#include "feed.hpp"

namespace pelton::http {
namespace {

const std::string a_head = "Content-Disposition: form-data; name=\"a\"\r\n\r\n";

std::string heard(std::string_view body) {
  return heard_at_every_split("b", body);
}

TEST(MultipartParser, SEG_006_a_form_is_the_same_at_every_split) {
  EXPECT_EQ(heard("--b\r\n" + a_head + "1\r\n--b\r\n" + a_head + "2\r\n--b--\r\n"),
            "[name=a]1|[name=a]2|.");
  EXPECT_EQ(heard("--b\r\n" + a_head + "1\r\n--b--"), "[name=a]1|.");
  EXPECT_EQ(heard("--b\r\n" + a_head + "\r\n--b--"), "[name=a]|.");
  // The empty line's CRLF is not the delimiter's: without one of its own this is content.
  EXPECT_EQ(heard("--b\r\n" + a_head + "--b--\r\n--b--"), "[name=a]--b--|.");
}

TEST(MultipartParser, FRM_002_a_delimiter_is_a_line_of_its_own) {
  EXPECT_EQ(heard("--b\r\n" + a_head + "x\n--b\n--b\r\r\n--\r--b-\r\n--c\r\n--b--"),
            "[name=a]x\n--b\n--b\r\r\n--\r--b-\r\n--c|.");
  EXPECT_EQ(heard("--b\r\n" + a_head + "\r\n\r\n-\r\n--\r\n--b--"), "[name=a]\r\n\r\n-\r\n--|.");
  for (const std::string_view bad :
       {"--b \r\n", "--b\n", "--bx\r\n", "--b\rx", "--b-x", "--b-\r\n"}) {
    EXPECT_EQ(heard(bad), "!multipart_syntax") << bad;
    EXPECT_EQ(heard("--b\r\n" + a_head + "x\r\n" + std::string(bad)), "[name=a]x|!multipart_syntax")
        << bad;
  }
}

TEST(MultipartParser, FRM_003_what_is_around_the_parts_and_what_is_missing) {
  EXPECT_EQ(heard("--b--"), ".");
  EXPECT_EQ(heard("--b--\r\nepilogue\r\n--b\r\n"), ".");
  EXPECT_EQ(heard("preamble\r\n--c\r\n--b--"), ".");
  EXPECT_EQ(heard("x--b\r\n\r\n--b--"), ".");
  EXPECT_EQ(heard(""), "!!multipart_syntax");
  EXPECT_EQ(heard("preamble"), "!!multipart_syntax");
  EXPECT_EQ(heard("--b"), "!!multipart_syntax");
  EXPECT_EQ(heard("--b-"), "!!multipart_syntax");
  EXPECT_EQ(heard("--b\r\n"), "!!multipart_syntax");
  EXPECT_EQ(heard("--b\r\n" + a_head + "x"), "[name=a]x!!multipart_syntax");
  EXPECT_EQ(heard("--b\r\n" + a_head + "x\r\n--b"), "[name=a]x|!!multipart_syntax");
}

TEST(MultipartParser, FRM_004_lines_of_a_head_end_in_crlf) {
  EXPECT_EQ(heard("--b\r\nX: y\n"), "!multipart_part_headers");
  EXPECT_EQ(heard("--b\r\n\n"), "!multipart_part_headers");
  EXPECT_EQ(heard("--b\r\nX: a\r\n b\r\n"), "!multipart_part_headers");
  EXPECT_EQ(heard("--b\r\nX: y\r\n\r\n"), "!multipart_syntax");
}

TEST(MultipartParser, FRM_006_a_nested_form_is_content) {
  const std::string inner = "--c\r\nContent-Disposition: file; filename=\"x\"\r\n\r\n1\r\n--c--";
  EXPECT_EQ(heard("--b\r\nContent-Disposition: form-data; name=a\r\n"
                  "Content-Type: multipart/mixed; boundary=c\r\n\r\n" +
                  inner + "\r\n--b--"),
            "[name=a file Content-Type=multipart/mixed; boundary=c]" + inner + "|.");
}

TEST(MultipartParser, SEG_004_nothing_is_read_behind_a_failure) {
  MultipartParser parser("b", {});
  const MultipartParser::Step step = parser.read("--b?--b--");
  EXPECT_EQ(step.event, MultipartParser::Event::failed);
  EXPECT_EQ(step.consumed_bytes, 4u);
  EXPECT_EQ(parser.read("--b--").event, MultipartParser::Event::failed);
  EXPECT_EQ(parser.finish(), Reason::refused_multipart_syntax);
}

// GEN-003: what nearly is a delimiter is looked at a bounded number of times. The count of steps
// stands for time, so that the machine has no say.
TEST(MultipartParser, GEN_003_near_delimiters_take_one_pass) {
  const std::string boundary(70, 'b');
  for (const std::string& near :
       {std::string("\r"), std::string("\r\n"), "\r\n--" + boundary.substr(1)}) {
    std::string body = "--" + boundary + "\r\n" + a_head;
    const std::size_t head_bytes = body.size();
    while (body.size() < 200'000) body += near;
    const std::size_t content_bytes = body.size() - head_bytes;
    body += "\r\n--" + boundary + "--";
    MultipartParser parser(boundary, {});
    std::string_view rest = body;
    std::size_t steps = 0;
    std::size_t data_bytes = 0;
    for (auto event = MultipartParser::Event::part_begins;
         event != MultipartParser::Event::need_more; ++steps) {
      const MultipartParser::Step step = parser.read(rest);
      ASSERT_NE(step.event, MultipartParser::Event::failed);
      rest.remove_prefix(step.consumed_bytes);
      data_bytes += step.octets.size();
      event = step.event;
    }
    EXPECT_EQ(data_bytes, content_bytes);
    EXPECT_LE(steps, 6u);
  }
}

TEST(MultipartParser, content_is_handed_out_where_it_lies) {
  const std::string body = "--b\r\n" + a_head + "content\r\n--b--";
  MultipartParser parser("b", {});
  std::string_view rest = body;
  rest.remove_prefix(parser.read(rest).consumed_bytes);
  const MultipartParser::Step empty = parser.read(rest);
  EXPECT_EQ(empty.octets.data(), body.data() + body.find("content"));
  EXPECT_EQ(empty.octets, "content");
}

}  // namespace
}  // namespace pelton::http
