#include "http/message/field_list.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pelton::http {
namespace {

std::vector<std::string> elements_of(std::string_view list) {
  std::vector<std::string> elements;
  std::string_view element;
  while (next_element(list, element)) elements.emplace_back(element);
  return elements;
}

TEST(FieldList, H1_034_only_sp_and_htab_are_trimmed) {
  EXPECT_EQ(trimmed(" \ta b\t "), "a b");
  EXPECT_EQ(trimmed("\v\xa0"), "\v\xa0");
  EXPECT_EQ(trimmed(" \t"), "");
}

TEST(FieldList, H1_076_elements_may_be_empty) {
  using List = std::vector<std::string>;
  EXPECT_EQ(elements_of("a"), List{"a"});
  EXPECT_EQ(elements_of(" a ,\tb, ,c"), (List{"a", "b", "", "c"}));
  EXPECT_EQ(elements_of(""), List{""});
  EXPECT_EQ(elements_of(","), (List{"", ""}));
}

}  // namespace
}  // namespace pelton::http
