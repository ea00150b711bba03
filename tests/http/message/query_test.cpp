#include "http/message/query.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "http/message/percent.hpp"

namespace pelton::http {
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

TEST(Query, LIM_040_field_count) {
  for (const std::size_t count_max : {0, 1, 2, 1000}) {
    std::string query;
    for (std::size_t count = 0; count <= count_max + 1; ++count) {
      EXPECT_EQ(query_fields_exceed(query, count_max), count > count_max) << count;
      query += "&k=v&";
    }
  }
}

}  // namespace
}  // namespace pelton::http
