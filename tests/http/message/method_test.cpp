#include "http/message/method.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pelton::http {
namespace {

TEST(Method, H1_011_H1_013_names_are_exact) {
  for (int value = 1; value <= static_cast<int>(Method::trace); ++value) {
    const auto method = static_cast<Method>(value);
    const std::string name(method_name(method));
    EXPECT_EQ(method_of(name), method);
    EXPECT_EQ(method_of(name + "X"), Method::other);
    EXPECT_EQ(method_of(name.substr(1)), Method::other);
    std::string lower = name;
    lower[0] = static_cast<char>(lower[0] | 0x20);
    EXPECT_EQ(method_of(lower), Method::other);
  }
  EXPECT_EQ(method_of(""), Method::other);
  EXPECT_EQ(method_of("MKCOL"), Method::other);
  EXPECT_EQ(method_name(Method::other), "");
  EXPECT_EQ(method_name(Method::delete_), "DELETE");
}

}  // namespace
}  // namespace pelton::http
