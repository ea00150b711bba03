// LIM-051 to LIM-056 at n - 1, n and n + 1, at every split.
#include <gtest/gtest.h>

#include <limits>

#include "feed.hpp"

namespace pelton::http {
namespace {

std::string part(std::string_view content, std::string_view more = "") {
  return "--b\r\nContent-Disposition: form-data; name=a" + std::string(more) + "\r\n\r\n" +
         std::string(content) + "\r\n";
}

std::string parts(std::size_t count, std::string_view more = "") {
  std::string body;
  for (std::size_t index = 0; index < count; ++index) body += part("x", more);
  return body + "--b--";
}

bool fits(const std::string& body, const MultipartLimits& limits) {
  return heard_at_every_split("b", body, limits).ends_with("|.");
}

// Why it does not.
std::string refused(const std::string& body, const MultipartLimits& limits) {
  const std::string heard = heard_at_every_split("b", body, limits);
  return heard.substr(std::min(heard.rfind('!'), heard.size()));
}

TEST(MultipartLimits, LIM_051_parts_and_files) {
  // multipart_parts_max and multipart_files_max: n - 1, n, n + 1.
  EXPECT_TRUE(fits(parts(2), {.parts_max = 3}));
  EXPECT_TRUE(fits(parts(3), {.parts_max = 3}));
  EXPECT_EQ(refused(parts(4), {.parts_max = 3}), "!multipart_parts");
  const std::string_view file = "; filename=x";
  EXPECT_TRUE(fits(parts(2, file), {.files_max = 3}));
  EXPECT_TRUE(fits(parts(3, file), {.files_max = 3}));
  EXPECT_EQ(refused(parts(4, file), {.files_max = 3}), "!multipart_parts");
  EXPECT_TRUE(fits(parts(4), {.files_max = 3}));
}

TEST(MultipartLimits, LIM_052_octets_of_a_field) {
  const auto body = [](std::size_t bytes, std::string_view more = "") {
    return part(std::string(bytes, 'x'), more) + "--b--";
  };
  // multipart_field_bytes_max: n - 1, n, n + 1.
  EXPECT_TRUE(fits(body(9), {.field_bytes_max = 10}));
  EXPECT_TRUE(fits(body(10), {.field_bytes_max = 10}));
  EXPECT_EQ(refused(body(11), {.field_bytes_max = 10}), "!multipart_field");
  EXPECT_TRUE(fits(body(11, "; filename=x"), {.field_bytes_max = 10}));
  // What fits is told before, at every split alike.
  EXPECT_EQ(heard_at_every_split("b", body(40), {.field_bytes_max = 3}),
            "[name=a]xxx!multipart_field");
  EXPECT_EQ(heard_at_every_split("b", part("\r\n--c\r\n--") + "--b--", {.field_bytes_max = 4}),
            "[name=a]\r\n--!multipart_field");
}

TEST(MultipartLimits, LIM_053_fields_and_lines_together) {
  const std::uint64_t line = std::string_view("Content-Disposition: form-data; name=a").size();
  const std::string body = part("1234") + part("56") + "--b--";
  const std::uint64_t needed = 2 * line + 6;
  // multipart_memory_bytes_max: n - 1, n, n + 1.
  EXPECT_EQ(refused(body, {.memory_bytes_max = needed - 1}), "!multipart_memory");
  EXPECT_TRUE(fits(body, {.memory_bytes_max = needed}));
  EXPECT_TRUE(fits(body, {.memory_bytes_max = needed + 1}));
  EXPECT_EQ(refused(body, {.memory_bytes_max = 2 * line + 3}), "!multipart_memory");
  // A file's octets are its consumer's to keep.
  EXPECT_TRUE(
      fits(part(std::string(500, 'x'), "; filename=x") + "--b--", {.memory_bytes_max = 99}));
}

TEST(MultipartLimits, LIM_054_lines_of_a_part) {
  const auto body = [](std::size_t more_lines) {
    std::string text = "--b\r\nContent-Disposition: form-data; name=a\r\n";
    for (std::size_t index = 0; index < more_lines; ++index) text += "X: y\r\n";
    return text + "\r\nx\r\n--b--";
  };
  // multipart_part_headers_max: n - 1, n, n + 1.
  EXPECT_TRUE(fits(body(2), {.part_headers_max = 4}));
  EXPECT_TRUE(fits(body(3), {.part_headers_max = 4}));
  EXPECT_EQ(refused(body(4), {.part_headers_max = 4}), "!multipart_part_headers");
}

TEST(MultipartLimits, LIM_054_octets_of_a_line) {
  const auto body = [](std::size_t line_bytes, std::string_view end = "\r\n") {
    return "--b\r\nContent-Disposition: form-data; name=a\r\nX: " +
           std::string(line_bytes - 3, 'y') + std::string(end) + "\r\nx\r\n--b--";
  };
  const MultipartLimits limits{.part_header_bytes_max = 50};
  // multipart_part_header_bytes_max: n - 1, n, n + 1.
  EXPECT_TRUE(fits(body(49), limits));
  EXPECT_TRUE(fits(body(50), limits));
  EXPECT_EQ(refused(body(51), limits), "!multipart_part_headers");
  EXPECT_EQ(refused(body(500), limits), "!multipart_part_headers");
  EXPECT_EQ(refused(body(50, "\r"), limits), "!multipart_part_headers");
  EXPECT_EQ(refused("--b\r\n" + std::string(51, 'x'), limits), "!multipart_part_headers");
  // Of a limit as good as none there is nothing to add to.
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint64_t bytes_max : {most, most - 1, most - 2}) {
    EXPECT_TRUE(fits(body(50), {.part_header_bytes_max = bytes_max}));
  }
}

TEST(MultipartLimits, LIM_056_octets_around_the_parts) {
  const auto body = [](std::size_t before, std::size_t behind) {
    std::string text(before, 'p');
    if (before > 0) text += "\r\n";
    return text + part("x") + "--b--" + std::string(behind, 'e');
  };
  // multipart_slack_bytes_max: n - 1, n, n + 1.
  const MultipartLimits limits{.slack_bytes_max = 20};
  for (const std::size_t before : {0u, 1u, 10u, 18u}) {
    EXPECT_TRUE(fits(body(before, 19 - before), limits));
    EXPECT_TRUE(fits(body(before, 20 - before), limits));
    EXPECT_EQ(refused(body(before, 21 - before), limits), "!multipart_slack");
  }
  EXPECT_TRUE(fits(body(20, 0), limits));
  EXPECT_EQ(refused(body(21, 0), limits), "!multipart_slack");
  EXPECT_EQ(refused("\r\n--\r\n--\r\n--\r\n--\r\n--\r\n--x", limits), "!multipart_slack");
}

}  // namespace
}  // namespace pelton::http
