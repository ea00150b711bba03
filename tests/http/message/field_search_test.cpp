#include "http/message/field_search.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace pelton::http {
namespace {

TEST(FieldSearch, the_first_field_of_a_name_in_any_case) {
  const std::string octets = "Host: h, X-A: 1, x-a: 2, x-b:";
  const std::array<Field, 4> fields{{{.name = {0, 4}, .value = {6, 1}},
                                     {.name = {9, 3}, .value = {14, 1}},
                                     {.name = {17, 3}, .value = {22, 1}},
                                     {.name = {25, 3}, .value = {29, 0}}}};
  RequestHead head;
  EXPECT_EQ(find_field(head, "host"), nullptr);
  head.base = octets.data();
  head.fields = fields;
  EXPECT_EQ(find_field(head, "host"), &fields[0]);
  EXPECT_EQ(find_field(head, "x-a"), &fields[1]);
  EXPECT_EQ(find_field(head, "X-B"), &fields[3]);
  for (const char* name : {"", "x-", "x-c", "x-aa", "hos"}) {
    EXPECT_EQ(find_field(head, name), nullptr) << name;
  }
}

}  // namespace
}  // namespace pelton::http
