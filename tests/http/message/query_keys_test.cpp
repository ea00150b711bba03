#include "http/message/query_keys.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/message/percent.hpp"

namespace pelton::http {
namespace {

using Texts = std::vector<std::string>;

// What all of the keys have, found in one pass.
Texts all(std::string_view query, const Texts& wanted, std::size_t count_max = 1000) {
  QueryKeys keys;
  std::vector<std::size_t> indices;
  for (const std::string& key : wanted) indices.push_back(keys.add(key));
  std::vector<QueryValue> values(keys.size());
  if (!keys.find_last(query, count_max, values.data())) return {"too many"};
  Texts texts;
  std::string scratch;
  for (const std::size_t index : indices) {
    const QueryValue& value = values[index];
    texts.emplace_back(value.found() ? form_text(value.sent(), scratch) : "absent");
    EXPECT_TRUE(!value.found() || value.is_plain == is_plain_form(value.sent())) << query;
  }
  return texts;
}

std::string last(std::string_view query, const std::string& key) {
  return all(query, {key}).front();
}

TEST(QueryKeys, the_last_value_of_a_key) {
  EXPECT_EQ(last("a=1&b=2&a=3", "a"), "3");
  EXPECT_EQ(last("a=1&b=2&a=3", "b"), "2");
  EXPECT_EQ(last("a=1", "A"), "absent");
  EXPECT_EQ(last("a=1", ""), "absent");
  EXPECT_EQ(last("=1", ""), "1");
  EXPECT_EQ(last("a", "a"), "");
  EXPECT_EQ(last("a=", "a"), "");
  EXPECT_EQ(last("a=1&a", "a"), "");
  EXPECT_EQ(last("a=b=c", "a"), "b=c");
  EXPECT_EQ(last("&&a=1&&b&", "a"), "1");
  EXPECT_EQ(last("", "a"), "absent");
  EXPECT_EQ(last({}, "a"), "absent");
}

TEST(QueryKeys, keys_are_compared_decoded) {
  EXPECT_EQ(last("%61=1", "a"), "1");
  EXPECT_EQ(last("a=1&%61=2", "a"), "2");
  EXPECT_EQ(last("a+b=1", "a b"), "1");
  EXPECT_EQ(last("a+b=1", "a+b"), "absent");
  EXPECT_EQ(last("a%2Bb=1", "a+b"), "1");
  EXPECT_EQ(last("%61=1", "%61"), "absent");
  EXPECT_EQ(last("%zz=1", "%zz"), "1");
  EXPECT_EQ(last("%FF=1", "\xEF\xBF\xBD"), "1");
  EXPECT_EQ(last("a%3Db=1", "a=b"), "1");
  EXPECT_EQ(last("a%26b=1", "a&b"), "1");
}

TEST(QueryKeys, keys_of_every_length_differ_in_every_octet) {
  for (std::size_t bytes = 1; bytes <= 20; ++bytes) {
    const std::string key = std::string("abcdefghijklmnopqrst").substr(0, bytes);
    EXPECT_EQ(last(key + "=1", key), "1");
    EXPECT_EQ(last(key + "u=1", key), "absent");
    EXPECT_EQ(last(key.substr(1) + "=1", key), "absent");
    for (std::size_t at = 0; at < bytes; ++at) {
      std::string other = key;
      other[at] = 'z';
      EXPECT_EQ(last(other + "=1", key), "absent") << key << ' ' << at;
    }
  }
  // A missing octet is not the NUL that stands for it.
  EXPECT_EQ(last("a%00=1", "a"), "absent");
  EXPECT_EQ(last("a=1", std::string("a\0", 2)), "absent");
}

TEST(QueryKeys, all_keys_in_one_pass) {
  EXPECT_EQ(all("page=7&q=a%20b+c&tag=1&tag=%2", {"q", "tag", "page", "none", "q"}),
            (Texts{"a b c", "%2", "7", "absent", "a b c"}));
  EXPECT_EQ(all("a=1", {}), Texts{});
  QueryKeys keys;
  EXPECT_EQ(keys.add("a"), 0);
  EXPECT_EQ(keys.add("b"), 1);
  EXPECT_EQ(keys.add("a"), 0);
  EXPECT_EQ(keys.size(), 2);
}

TEST(QueryKeys, LIM_040_field_count) {
  for (const std::size_t count_max : {0, 1, 2, 1000}) {
    std::string query;
    for (std::size_t count = 0; count <= count_max + 1; ++count) {
      const std::string expected = count > count_max ? "too many" : count == 0 ? "absent" : "v";
      EXPECT_EQ(all(query, {"k"}, count_max), Texts{expected});
      query += "&k=v&";
    }
  }
}

}  // namespace
}  // namespace pelton::http
