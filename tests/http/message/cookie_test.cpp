#include "http/message/cookie.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace pelton::http {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs pairs_of(std::string_view field_value) {
  Pairs all;
  CookiePair pair;
  for (CookiePairs pairs(field_value); pairs.next(pair);) all.emplace_back(pair.name, pair.value);
  return all;
}

// A head with these Cookie fields among others; spans count in `octets`.
struct Head {
  explicit Head(const std::vector<std::string>& values) {
    add("a=other", FieldName::other);
    for (const std::string& value : values) add(value, FieldName::cookie);
    head.base = octets.data();
    head.fields = fields;
  }
  void add(const std::string& value, FieldName name) {
    fields.push_back({.value = {static_cast<std::uint32_t>(octets.size()),
                                static_cast<std::uint32_t>(value.size())},
                      .known = name});
    octets += value;
  }

  std::string octets;
  std::vector<Field> fields;
  RequestHead head;
};

std::string first(const std::vector<std::string>& values, std::string_view name,
                  std::size_t count_max = 200) {
  const Head holder(values);
  std::string_view value;
  switch (find_first_cookie(holder.head, name, count_max, value)) {
    case FieldSearch::found:
      return std::string(value);
    case FieldSearch::absent:
      return "absent";
    case FieldSearch::too_many:
      return "too many";
  }
  return {};
}

TEST(Cookie, URL_006_pairs_are_trimmed_and_listed) {
  EXPECT_EQ(pairs_of(""), Pairs({}));
  EXPECT_EQ(pairs_of("a=1; b=2"), Pairs({{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(pairs_of("a=1;b=2;a=3"), Pairs({{"a", "1"}, {"b", "2"}, {"a", "3"}}));
  EXPECT_EQ(pairs_of(" \ta = 1\t ;\t b=2 "), Pairs({{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(pairs_of("a=1 2"), Pairs({{"a", "1 2"}}));
}

TEST(Cookie, URL_006_nothing_is_unquoted_or_decoded) {
  EXPECT_EQ(pairs_of("a=\"x y\""), Pairs({{"a", "\"x y\""}}));
  EXPECT_EQ(pairs_of("a=\"x; b=y\""), Pairs({{"a", "\"x"}, {"b", "y\""}}));
  EXPECT_EQ(pairs_of("a=%41+b=c"), Pairs({{"a", "%41+b=c"}}));
  EXPECT_EQ(pairs_of("a=1,b=2"), Pairs({{"a", "1,b=2"}}));
}

TEST(Cookie, URL_006_pieces_without_an_equals_sign_are_ignored) {
  EXPECT_EQ(pairs_of("a"), Pairs({}));
  EXPECT_EQ(pairs_of(";;a; b=1;;"), Pairs({{"b", "1"}}));
  EXPECT_EQ(pairs_of("a=;=b;="), Pairs({{"a", ""}, {"", "b"}, {"", ""}}));
}

TEST(Cookie, URL_006_the_first_of_equal_names_wins) {
  EXPECT_EQ(first({"a=1; b=2; a=3"}, "a"), "1");
  EXPECT_EQ(first({"a=1; b=2; a=3"}, "b"), "2");
  EXPECT_EQ(first({"b=1", "a=2; b=3", "a=4"}, "a"), "2");
  EXPECT_EQ(first({"a=1"}, "A"), "absent");
  EXPECT_EQ(first({"a"}, "a"), "absent");
  EXPECT_EQ(first({}, "a"), "absent");
}

TEST(Cookie, LIM_042_pair_count_over_all_fields) {
  for (const std::size_t count_max : {0, 1, 2, 200}) {
    std::vector<std::string> values = {"", ""};
    for (std::size_t count = 0; count <= count_max + 1; ++count) {
      const bool too_many = count > count_max;
      EXPECT_EQ(cookies_exceed(Head(values).head, count_max), too_many) << count;
      EXPECT_EQ(first(values, "k", count_max), too_many ? "too many" : count == 0 ? "absent" : "v");
      values[count % 2] += "ignored; k=v;";
    }
  }
}

}  // namespace
}  // namespace pelton::http
