#include "http/message/status.hpp"

#include <gtest/gtest.h>

namespace pelton::http {
namespace {

TEST(Status, RSP_016_standard_phrases) {
  EXPECT_EQ(standard_phrase(100), "Continue");
  EXPECT_EQ(standard_phrase(200), "OK");
  EXPECT_EQ(standard_phrase(404), "Not Found");
  EXPECT_EQ(standard_phrase(413), "Content Too Large");
  EXPECT_EQ(standard_phrase(431), "Request Header Fields Too Large");
  EXPECT_EQ(standard_phrase(505), "HTTP Version Not Supported");
  EXPECT_EQ(standard_phrase(511), "Network Authentication Required");
}

TEST(Status, RSP_016_an_unknown_status_has_an_empty_phrase) {
  for (const std::uint16_t status : {0, 99, 199, 209, 299, 306, 418, 499, 512, 599, 600, 65535}) {
    EXPECT_EQ(standard_phrase(status), "") << status;
  }
}

TEST(Status, RSP_001_which_have_no_body) {
  for (const std::uint16_t status : {204, 205, 304}) EXPECT_TRUE(is_bodyless(status)) << status;
  for (const std::uint16_t status : {200, 206, 303, 404}) EXPECT_FALSE(is_bodyless(status));
}

}  // namespace
}  // namespace pelton::http
