#include "http/message/query.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "http/message/percent.hpp"

namespace noria::http {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

Fields fields_of(std::string_view query) {
  Fields all;
  std::string key_scratch;
  std::string value_scratch;
  QueryField field;
  for (QueryFields fields(query); fields.next(field);) {
    all.emplace_back(form_text(field.key, key_scratch), form_text(field.value, value_scratch));
  }
  return all;
}

std::string last(std::string_view query, std::string_view key, std::size_t count_max = 1000) {
  std::string scratch;
  std::string_view value;
  switch (find_last_query_value(query, key, count_max, scratch, value)) {
    case FieldSearch::found:
      return std::string(form_text(value, scratch));
    case FieldSearch::absent:
      return "absent";
    case FieldSearch::too_many:
      return "too many";
  }
  return {};
}

TEST(Query, URL_004_fields_in_order_with_duplicates_and_empty_values) {
  EXPECT_EQ(fields_of(""), Fields({}));
  EXPECT_EQ(fields_of("a=1&b=2&a=3"), Fields({{"a", "1"}, {"b", "2"}, {"a", "3"}}));
  EXPECT_EQ(fields_of("a"), Fields({{"a", ""}}));
  EXPECT_EQ(fields_of("a="), Fields({{"a", ""}}));
  EXPECT_EQ(fields_of("=b"), Fields({{"", "b"}}));
  EXPECT_EQ(fields_of("="), Fields({{"", ""}}));
  EXPECT_EQ(fields_of("a=b=c"), Fields({{"a", "b=c"}}));
  EXPECT_EQ(fields_of("&&a=1&&b&"), Fields({{"a", "1"}, {"b", ""}}));
}

TEST(Query, URL_004_only_ampersands_separate) {
  EXPECT_EQ(fields_of("a=1;b=2"), Fields({{"a", "1;b=2"}}));
  EXPECT_EQ(fields_of("a=1%26b=2"), Fields({{"a", "1&b=2"}}));
  EXPECT_EQ(fields_of("a%3D1=2"), Fields({{"a=1", "2"}}));
}

TEST(Query, URL_004_decoding) {
  EXPECT_EQ(fields_of("a+b=c+d%20e%2B"), Fields({{"a b", "c d e+"}}));
  EXPECT_EQ(fields_of("a=%&b=%4&c=%zz"), Fields({{"a", "%"}, {"b", "%4"}, {"c", "%zz"}}));
  EXPECT_EQ(fields_of("%C3%A9=%FF"), Fields({{"\xC3\xA9", "\xEF\xBF\xBD"}}));
  EXPECT_EQ(fields_of("a=%2541"), Fields({{"a", "%41"}}));
}

TEST(Query, the_last_value_of_a_key) {
  EXPECT_EQ(last("a=1&b=2&a=3", "a"), "3");
  EXPECT_EQ(last("a=1&b=2&a=3", "b"), "2");
  EXPECT_EQ(last("a=1", "A"), "absent");
  EXPECT_EQ(last("a=1", ""), "absent");
  EXPECT_EQ(last("a", "a"), "");
  EXPECT_EQ(last("%61=1", "a"), "1");
  EXPECT_EQ(last("a=1&%61=2", "a"), "2");
  EXPECT_EQ(last("a+b=1", "a b"), "1");
  EXPECT_EQ(last("a+b=1", "a+b"), "absent");
  EXPECT_EQ(last("a%2Bb=1", "a+b"), "1");
  EXPECT_EQ(last("%61=1", "%61"), "absent");
  EXPECT_EQ(last("%zz=1", "%zz"), "1");
  EXPECT_EQ(last("%FF=1", "\xEF\xBF\xBD"), "1");
}

TEST(Query, LIM_040_field_count) {
  for (const std::size_t count_max : {0, 1, 2, 1000}) {
    std::string query;
    for (std::size_t count = 0; count <= count_max + 1; ++count) {
      const bool too_many = count > count_max;
      EXPECT_EQ(query_fields_exceed(query, count_max), too_many) << count;
      EXPECT_EQ(last(query, "k", count_max), too_many ? "too many" : count == 0 ? "absent" : "v");
      query += "&k=v&";
    }
  }
}

}  // namespace
}  // namespace noria::http
