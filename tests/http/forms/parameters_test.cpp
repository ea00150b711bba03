#include "http/forms/parameters.hpp"

#include <gtest/gtest.h>

namespace pelton::http {
namespace {

// "a=1 b=2", and "!" where it is malformed.
std::string read(std::string_view text) {
  std::string all;
  Parameter parameter;
  Parameters parameters(text);
  while (true) {
    switch (parameters.next(parameter)) {
      case Parameters::Next::end:
        return all;
      case Parameters::Next::malformed:
        return all + "!";
      case Parameters::Next::parameter:
        all.append(parameter.name).append("=").append(parameter.value).append(" ");
    }
  }
}

TEST(Parameters, tokens_and_quoted_values) {
  EXPECT_EQ(read(""), "");
  EXPECT_EQ(read(";a=1"), "a=1 ");
  EXPECT_EQ(read("; a=1 ;\tb=\"2 ;3\""), "a=1 b=2 ;3 ");
  EXPECT_EQ(read(";;a=1; ;"), "a=1 ");
  EXPECT_EQ(read(";a=\"\""), "a= ");
}

TEST(Parameters, FRM_005_backslashes_escape_quotes_and_themselves_alone) {
  EXPECT_EQ(read(R"(;a="x\"y")"), "a=x\"y ");
  EXPECT_EQ(read(R"(;a="x\\y")"), "a=x\\y ");
  EXPECT_EQ(read(R"(;a="C:\dir\n.txt")"), "a=C:\\dir\\n.txt ");
  EXPECT_EQ(read(R"(;a="C:\dir\")"), "!");
}

TEST(Parameters, what_is_malformed) {
  for (const std::string_view text : {"a=1", ";a", ";a=", ";=1", ";a =1", ";a= 1", ";a=\"1",
                                      ";a=\"1\"x", ";a=1 b=2", ";a=1,b=2"}) {
    EXPECT_TRUE(read(text).ends_with('!')) << text;
  }
}

TEST(Parameters, the_value_in_front) {
  EXPECT_EQ(in_front_of_parameters(" text/plain ; a=1"), "text/plain");
  EXPECT_EQ(in_front_of_parameters("x"), "x");
  EXPECT_EQ(in_front_of_parameters(" ;"), "");
}

}  // namespace
}  // namespace pelton::http
