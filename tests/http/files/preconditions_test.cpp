#include "http/files/preconditions.hpp"

#include <gtest/gtest.h>

#include "http/files/http_date.hpp"
#include "tests/http/files/asked.hpp"

namespace pelton::http {
namespace {

constexpr std::int64_t modified = 1'000'000;
constexpr std::int64_t now = 2'000'000;
const Validators validators{.entity_tag = "\"a\"", .modified_seconds = modified};
const std::string same = http_date(modified);
const std::string before = http_date(modified - 1);
const std::string after = http_date(modified + 1);

using Fields = std::vector<std::pair<std::string, std::string>>;

Precondition judged(const Fields& fields) {
  const Asked asked(fields);
  return judge_preconditions(asked.head(), validators, now);
}

TEST(Preconditions, STA_010_each_by_itself) {
  EXPECT_EQ(judged({}), Precondition::proceed);
  EXPECT_EQ(judged({{"If-Match", "\"a\""}}), Precondition::proceed);
  EXPECT_EQ(judged({{"If-Match", "*"}}), Precondition::proceed);
  EXPECT_EQ(judged({{"If-Match", "\"b\""}}), Precondition::failed);
  EXPECT_EQ(judged({{"If-Match", "W/\"a\""}}), Precondition::failed);
  EXPECT_EQ(judged({{"If-None-Match", "\"a\""}}), Precondition::not_modified);
  EXPECT_EQ(judged({{"If-None-Match", "W/\"a\""}}), Precondition::not_modified);
  EXPECT_EQ(judged({{"If-None-Match", "*"}}), Precondition::not_modified);
  EXPECT_EQ(judged({{"If-None-Match", "\"b\""}}), Precondition::proceed);
  EXPECT_EQ(judged({{"If-Modified-Since", same}}), Precondition::not_modified);
  EXPECT_EQ(judged({{"If-Modified-Since", after}}), Precondition::not_modified);
  EXPECT_EQ(judged({{"If-Modified-Since", before}}), Precondition::proceed);
  EXPECT_EQ(judged({{"If-Unmodified-Since", same}}), Precondition::proceed);
  EXPECT_EQ(judged({{"If-Unmodified-Since", before}}), Precondition::failed);
}

TEST(Preconditions, STA_010_a_weak_tag_of_ours_matches_weakly) {
  const Validators weak{.entity_tag = "W/\"a\"", .has_date = false};
  const auto judged_by_it = [&](const std::string& name, const std::string& value) {
    const Asked asked({{name, value}});
    return judge_preconditions(asked.head(), weak, now);
  };
  for (const std::string tag : {"\"a\"", "W/\"a\""}) {
    EXPECT_EQ(judged_by_it("If-Match", tag), Precondition::failed);
    EXPECT_EQ(judged_by_it("If-None-Match", tag), Precondition::not_modified);
    const Asked asked({{"If-Range", tag}});
    EXPECT_FALSE(ranges_apply(asked.head(), weak, now));
  }
  EXPECT_EQ(judged_by_it("If-Match", "*"), Precondition::proceed);
  EXPECT_EQ(judged_by_it("If-None-Match", "W/\"b\""), Precondition::proceed);
}

TEST(Preconditions, STA_010_in_order) {
  EXPECT_EQ(judged({{"If-Match", "\"a\""}, {"If-Unmodified-Since", before}}),
            Precondition::proceed);
  EXPECT_EQ(judged({{"If-Match", "\"b\""}, {"If-None-Match", "\"a\""}}), Precondition::failed);
  EXPECT_EQ(judged({{"If-None-Match", "\"b\""}, {"If-Modified-Since", same}}),
            Precondition::proceed);
  EXPECT_EQ(judged({{"If-None-Match", "\"a\""}, {"If-Modified-Since", before}}),
            Precondition::not_modified);
  EXPECT_EQ(judged({{"If-None-Match", "\"b\""}, {"if-none-match", "\"c\", \"a\""}}),
            Precondition::not_modified);
}

TEST(Preconditions, STA_010_bad_dates_and_two_dates_are_no_condition) {
  EXPECT_EQ(judged({{"If-Modified-Since", "soon"}}), Precondition::proceed);
  EXPECT_EQ(judged({{"If-Unmodified-Since", "soon"}}), Precondition::proceed);
  EXPECT_EQ(judged({{"If-Unmodified-Since", before}, {"If-Unmodified-Since", before}}),
            Precondition::proceed);
}

TEST(Preconditions, without_validators) {
  const Asked asked({{"If-None-Match", "\"\""}, {"If-Modified-Since", after}});
  EXPECT_EQ(judge_preconditions(asked.head(), {.has_date = false}, now), Precondition::proceed);
  const Asked match(Fields{{"If-Match", "\"a\""}});
  EXPECT_EQ(judge_preconditions(match.head(), {}, now), Precondition::failed);
}

TEST(Preconditions, lists_of_tags) {
  using enum Comparison;
  EXPECT_TRUE(lists_tag("\"x\" , W/\"y\",,\"a\"", "\"a\"", strong));
  EXPECT_TRUE(lists_tag("\"a,b\"", "\"a,b\"", strong));
  EXPECT_FALSE(lists_tag("\"a", "\"a\"", weak));
  EXPECT_FALSE(lists_tag("a", "\"a\"", weak));
  EXPECT_FALSE(lists_tag("w/\"a\"", "\"a\"", weak));
  EXPECT_FALSE(lists_tag("\"x\" \"a\"", "\"a\"", weak));
  EXPECT_FALSE(lists_tag("", "\"a\"", weak));
  EXPECT_FALSE(lists_tag("\"a\x7f\"", "\"a\x7f\"", weak));
}

TEST(Preconditions, STA_014_if_range_is_strong_and_exact) {
  const auto apply = [](const Fields& fields) {
    const Asked asked(fields);
    return ranges_apply(asked.head(), validators, now);
  };
  EXPECT_TRUE(apply({}));
  EXPECT_TRUE(apply({{"If-Range", "\"a\""}}));
  EXPECT_TRUE(apply({{"If-Range", same}}));
  EXPECT_FALSE(apply({{"If-Range", "W/\"a\""}}));
  EXPECT_FALSE(apply({{"If-Range", "\"b\""}}));
  EXPECT_FALSE(apply({{"If-Range", after}}));
  EXPECT_FALSE(apply({{"If-Range", before}}));
  EXPECT_FALSE(apply({{"If-Range", ""}}));
  EXPECT_FALSE(apply({{"If-Range", "\"a\""}, {"If-Range", "\"a\""}}));
  const Asked asked(Fields{{"If-Range", "\"\""}});
  EXPECT_FALSE(ranges_apply(asked.head(), {}, now));
}

}  // namespace
}  // namespace pelton::http
