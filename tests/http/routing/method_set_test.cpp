#include "http/routing/method_set.hpp"

#include <gtest/gtest.h>

#include "http/message/method.hpp"

namespace pelton::http {
namespace {

TEST(MethodSet, H1_013_the_common_methods_are_known) {
  const MethodSet methods;
  for (const Method method : {Method::get, Method::head, Method::post, Method::put, Method::patch,
                              Method::delete_, Method::options, Method::query}) {
    EXPECT_TRUE(MethodSet::is_common(method));
    EXPECT_EQ(methods.find(method_name(method)), MethodSet::index_of(method));
    EXPECT_EQ(methods.name(MethodSet::index_of(method)), method_name(method));
    EXPECT_EQ(MethodSet::bit_of(method), MethodBits{1} << MethodSet::index_of(method));
  }
  for (const Method method : {Method::other, Method::connect, Method::trace}) {
    EXPECT_FALSE(MethodSet::is_common(method));
  }
}

TEST(MethodSet, H1_014_case_counts_and_the_rest_is_unknown) {
  const MethodSet methods;
  for (const std::string_view name :
       {"", "get", "Get", "GETT", "GE", "MKCOL", "CONNECT", "TRACE"}) {
    EXPECT_EQ(methods.find(name), std::nullopt) << name;
  }
}

TEST(MethodSet, any_token_is_added_in_upper_case) {
  MethodSet methods;
  EXPECT_EQ(methods.add("propfind"), 8u);
  EXPECT_EQ(methods.add("PropFind"), 8u);
  EXPECT_EQ(methods.add("M-SEARCH"), 9u);
  EXPECT_EQ(methods.add("get"), MethodSet::index_of(Method::get));
  EXPECT_EQ(methods.find("PROPFIND"), 8u);
  EXPECT_EQ(methods.find("propfind"), std::nullopt);
}

TEST(MethodSet, what_is_refused) {
  MethodSet methods;
  for (const std::string_view name :
       {"", "CONNECT", "connect", "TRACE", "Trace", "A B", "A,B", "A/B", "A\xC3\x84", "A\n"}) {
    EXPECT_EQ(methods.add(name), std::nullopt) << name;
  }
}

TEST(MethodSet, LIM_001_method_length) {
  MethodSet methods;
  EXPECT_TRUE(methods.add(std::string(31, 'A')));
  EXPECT_TRUE(methods.add(std::string(32, 'A')));
  EXPECT_FALSE(methods.add(std::string(33, 'A')));
}

TEST(MethodSet, sixty_three_methods_fit) {
  MethodSet methods;
  for (std::uint32_t index = 8; index < MethodSet::methods_max; ++index) {
    EXPECT_EQ(methods.add(std::string("M").append(std::to_string(index))), index);
  }
  EXPECT_EQ(methods.add("M63"), std::nullopt);
  EXPECT_EQ(methods.add("M62"), 62u);
  std::string allow;
  methods.write_allow(MethodBits{1} << 62, allow);
  EXPECT_EQ(allow, "M62, OPTIONS");
  // What WebSocket routes have instead is no method that anybody may use.
  methods.write_allow(MethodSet::websocket_bit, allow);
  EXPECT_EQ(allow, "");
}

TEST(MethodSet, H1_013_allow_is_sorted_and_has_the_automatic_methods) {
  MethodSet methods;
  const MethodBits propfind = MethodBits{1} << *methods.add("PROPFIND");
  std::string allow = "from before";
  methods.write_allow(0, allow);
  EXPECT_EQ(allow, "");
  methods.write_allow(MethodSet::bit_of(Method::get), allow);
  EXPECT_EQ(allow, "GET, HEAD, OPTIONS");
  methods.write_allow(MethodSet::bit_of(Method::post), allow);
  EXPECT_EQ(allow, "OPTIONS, POST");
  methods.write_allow(
      propfind | MethodSet::bit_of(Method::delete_) | MethodSet::bit_of(Method::head), allow);
  EXPECT_EQ(allow, "DELETE, HEAD, OPTIONS, PROPFIND");
}

}  // namespace
}  // namespace pelton::http
