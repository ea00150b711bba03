#include "http/files/http_date.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace pelton::http {
namespace {

constexpr std::int64_t example = 784'111'777;
constexpr std::int64_t now = 1'700'000'000;

TEST(HttpDate, STA_010_three_forms_are_one_date) {
  EXPECT_EQ(read_http_date("Sun, 06 Nov 1994 08:49:37 GMT", now), example);
  EXPECT_EQ(read_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now), example);
  EXPECT_EQ(read_http_date("Sun Nov  6 08:49:37 1994", now), example);
  EXPECT_EQ(read_http_date("Wed Nov 16 08:49:37 1994", now), example + 10 * 86'400);
}

TEST(HttpDate, STA_010_what_is_no_date_is_none) {
  for (const char* text : {"",
                           "Sun",
                           "Sun,",
                           "yesterday",
                           "Sun, 06 Nov 1994 08:49:37",
                           "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 6 Nov 1994 08:49:37 GMT",
                           "Sun, 32 Nov 1994 08:49:37 GMT",
                           "Sun, 31 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nob 1994 08:49:37 GMT",
                           "Sun, 06 anF 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 24:49:37 GMT",
                           "Sun, 06 Nov 1994 08:60:37 GMT",
                           "Sun, 06 Nov 1994 08:49:61 GMT",
                           "Sun, 06 Nov 1994 08:49:37 GMT ",
                           "Sunday, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov 6 08:49:37 1994",
                           "784111777",
                           "Sun, -6 Nov 1994 08:49:37 GMT"}) {
    EXPECT_EQ(read_http_date(text, now), std::nullopt) << text;
  }
}

TEST(HttpDate, years_of_two_digits_are_not_far_ahead) {
  // RFC 9110 section 5.6.7: at most fifty years from 2023.
  EXPECT_EQ(read_http_date("Sunday, 06-Nov-73 08:49:37 GMT", now),
            read_http_date("Sun, 06 Nov 2073 08:49:37 GMT", now));
  EXPECT_EQ(read_http_date("Sunday, 06-Nov-74 08:49:37 GMT", now),
            read_http_date("Sun, 06 Nov 1974 08:49:37 GMT", now));
}

TEST(HttpDate, what_is_written_is_read) {
  EXPECT_EQ(http_date(example), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  for (std::int64_t seconds = 0; seconds < 8'000'000'000; seconds += 7'654'321) {
    EXPECT_EQ(read_http_date(http_date(seconds), now), seconds);
  }
}

}  // namespace
}  // namespace pelton::http
