#include "http/files/file_plan.hpp"

#include <gtest/gtest.h>

#include "http/files/http_date.hpp"
#include "tests/http/files/asked.hpp"

namespace pelton::http {
namespace {

constexpr std::int64_t now = 2'000'000'000;
constexpr FileFacts facts{
    .bytes = 1000, .modified_seconds = 1'000'000'000, .modified_nanoseconds = 5};

using Fields = std::vector<std::pair<std::string, std::string>>;

FilePlan plan(const Fields& fields, Method method = Method::get, const FileTerms& terms = {},
              const FileFacts& of = facts) {
  const Asked asked(fields, method);
  return plan_file(asked.head(), of, terms, now, [] { return std::uint64_t{0xABC}; });
}

TEST(FilePlan, STA_009_a_strong_tag_and_a_date) {
  const FilePlan whole = plan({});
  EXPECT_EQ(whole.entity_tag, "\"3e8-de0b6b3a7640005\"");
  EXPECT_EQ(plan({}, Method::get, {.tag_suffix = "-gz"}).entity_tag, "\"3e8-de0b6b3a7640005-gz\"");
  EXPECT_EQ(whole.last_modified, http_date(facts.modified_seconds));
  FileFacts ahead = facts;
  ahead.modified_seconds = now + 100;
  EXPECT_EQ(plan({}, Method::get, {}, ahead).last_modified, http_date(now));
  const FilePlan bare = plan({}, Method::get, {.entity_tag = false, .last_modified = false});
  EXPECT_EQ(bare.entity_tag + bare.last_modified, "");
}

TEST(FilePlan, STA_010_conditions_come_first) {
  const FilePlan not_modified = plan({{"If-None-Match", "*"}, {"Range", "bytes=0-1"}});
  EXPECT_EQ(not_modified.status, 304);
  EXPECT_TRUE(not_modified.parts.empty());
  const FilePlan failed = plan({{"If-Match", "\"x\""}});
  EXPECT_EQ(failed.status, 412);
  EXPECT_EQ(failed.body_bytes, 0u);
}

TEST(FilePlan, STA_010_a_tag_of_the_applications_own_is_compared_and_not_said) {
  const FileTerms terms{.entity_tag = false, .own_tag = "\"v1\""};
  const FilePlan whole = plan({{"If-Match", "\"v1\""}}, Method::get, terms);
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.entity_tag, "");
  EXPECT_EQ(plan({{"If-Match", "\"v2\""}}, Method::get, terms).status, 412);
  EXPECT_EQ(plan({{"If-None-Match", "\"v1\""}}, Method::get, terms).status, 304);
  const Fields part = {{"Range", "bytes=0-1"}, {"If-Range", "\"v1\""}};
  EXPECT_EQ(plan(part, Method::get, terms).status, 206);
}

TEST(FilePlan, STA_012_one_range_of_get_alone) {
  const FilePlan one = plan({{"Range", "bytes=10-19"}});
  EXPECT_EQ(one.status, 206);
  EXPECT_EQ(one.content_range, "bytes 10-19/1000");
  EXPECT_EQ(one.body_bytes, 10u);
  EXPECT_EQ(one.content_type, "");
  EXPECT_EQ(plan({{"Range", "bytes=10-19"}}, Method::head).status, 200);
  EXPECT_EQ(plan({{"Range", "lines=10-19"}}).status, 200);
  EXPECT_EQ(plan({{"Range", "bytes=0-1"}, {"Range", "bytes=0-1"}}).status, 200);
  const FilePlan none = plan({{"Range", "bytes=1000-"}});
  EXPECT_EQ(none.status, 416);
  EXPECT_EQ(none.content_range, "bytes */1000");
  EXPECT_TRUE(none.parts.empty());
  // Of an empty file nothing can be had.
  EXPECT_EQ(plan({{"Range", "bytes=0-"}}, Method::get, {}, {}).status, 200);
}

TEST(FilePlan, STA_013_several_ranges_have_an_exact_length) {
  const FilePlan several =
      plan({{"Range", "bytes=-1, 0-0"}}, Method::get, {.content_type = "text/x"});
  EXPECT_EQ(several.status, 206);
  EXPECT_EQ(several.content_type, "multipart/byteranges; boundary=pelton-abc");
  EXPECT_EQ(several.content_range, "");
  std::string body;
  for (const FilePart& part : several.parts) {
    body += part.text + std::string(part.octets.bytes(), '.');
  }
  EXPECT_EQ(body,
            "\r\n--pelton-abc\r\nContent-Type: text/x\r\nContent-Range: bytes 0-0/1000\r\n\r\n."
            "\r\n--pelton-abc\r\nContent-Type: text/x\r\nContent-Range: bytes 999-999/1000\r\n\r\n."
            "\r\n--pelton-abc--\r\n");
  EXPECT_EQ(several.body_bytes, body.size());
}

TEST(FilePlan, STA_014_ranges_of_another_state_are_the_whole) {
  EXPECT_EQ(plan({{"Range", "bytes=0-1"}, {"If-Range", "\"x\""}}).status, 200);
  EXPECT_EQ(plan({{"Range", "bytes=0-1"}, {"If-Range", plan({}).entity_tag}}).status, 206);
}

TEST(FilePlan, LIM_065_too_many_ranges_are_the_whole) {
  // ranges_max - 1, ranges_max and ranges_max + 1
  const Fields fields{{"Range", "bytes=0-1,5-6"}};
  EXPECT_EQ(plan(fields, Method::get, {.ranges_max = 3}).status, 206);
  EXPECT_EQ(plan(fields, Method::get, {.ranges_max = 2}).status, 206);
  const FilePlan dropped = plan(fields, Method::get, {.ranges_max = 1});
  EXPECT_EQ(dropped.status, 200);
  EXPECT_TRUE(dropped.dropped_ranges);
  EXPECT_EQ(dropped.body_bytes, 1000u);
}

TEST(FilePlan, another_status_is_not_judged) {
  const FilePlan whole =
      plan({{"Range", "bytes=0-1"}, {"If-None-Match", "*"}}, Method::get, {.judged = false});
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body_bytes, 1000u);
}

}  // namespace
}  // namespace pelton::http
