#include "http/routing/router.hpp"

#include <gtest/gtest.h>

#include <array>

#include "tests/http/routing/routes.hpp"

namespace pelton::http {
namespace {

// "<index>" of a route that is taken, else "<problem> <position> [<other>]".
std::string added(Router& router, std::string_view line) {
  const auto index = add_line(router, line);
  if (index) return std::to_string(*index);
  const RouteError& error = index.error();
  std::string text(word_of(error.problem));
  text.append(" ").append(std::to_string(error.position));
  if (error.other != RouteError::no_route) text.append(" ").append(std::to_string(error.other));
  return text;
}

TEST(Router, indexes_count_up) {
  Router router;
  EXPECT_EQ(added(router, "GET /"), "0");
  EXPECT_EQ(added(router, "GET|POST /a"), "1");
  EXPECT_EQ(router.route_count(), 2u);
  EXPECT_EQ(router.pattern(1).text, "/a");
}

TEST(Router, same_method_and_shape_is_a_conflict_that_names_the_other) {
  Router router;
  EXPECT_EQ(added(router, "GET /a/{x}"), "0");
  EXPECT_EQ(added(router, "POST /a/{x}"), "1");
  EXPECT_EQ(added(router, "GET /a/{y}"), "conflict 0 0");
  EXPECT_EQ(added(router, "PUT|POST /a/{y:str}"), "conflict 0 1");
  EXPECT_EQ(added(router, "put /a/{y:str}"), "2");
  EXPECT_EQ(added(router, "PUT /a/{y}"), "conflict 0 2");
  EXPECT_EQ(added(router, "GET /a/{y:int}"), "3");
  EXPECT_EQ(added(router, "GET /a/{y}/"), "4");
  EXPECT_EQ(added(router, "GET /s/{y:regex(a+)}"), "5");
  EXPECT_EQ(added(router, "GET /s/{z:regex(a+)}"), "conflict 0 5");
  EXPECT_EQ(added(router, "GET /s/{z:regex(a*)}"), "6");
  EXPECT_EQ(added(router, "GET /f/{p:path}"), "7");
  EXPECT_EQ(added(router, "GET /f/{*q}"), "conflict 0 7");
  EXPECT_EQ(added(router, "HEAD /f/{*q}"), "8");
  EXPECT_EQ(router.route_count(), 9u);
}

TEST(Router, methods_are_tokens_in_any_case_but_not_connect_or_trace) {
  Router router;
  EXPECT_EQ(added(router, "get|GET|Post /a"), "0");
  EXPECT_EQ(added(router, "POST /a"), "conflict 0 0");
  EXPECT_EQ(added(router, "GET|CONNECT /b"), "method 1");
  EXPECT_EQ(added(router, "trace /b"), "method 0");
  EXPECT_EQ(added(router, "A,B /b"), "method 0");
  EXPECT_EQ(added(router, "propfind /b"), "1");
  EXPECT_EQ(added(router, "PROPFIND /b"), "conflict 0 1");
  EXPECT_EQ(router.add({}, "/c").error().problem, RouteProblem::method);
}

TEST(Router, refused_templates_and_regexes_change_nothing) {
  Router router;
  EXPECT_EQ(added(router, "GET a"), "no_leading_slash 0");
  EXPECT_EQ(added(router, "NEW /{a}/{s:regex(()}"), "bad_parameter 5");
  EXPECT_EQ(added(router, "NEW /{a}/{s:regex(\\()}"), "0");
  const std::array<std::string_view, 1> methods = {"OTHER"};
  const auto refused = router.add(methods, "/{a}/{s:regex(x)}");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().problem, RouteProblem::bad_regex);
  EXPECT_EQ(refused.error().position, 5u);
  EXPECT_EQ(router.route_count(), 1u);
  // OTHER has not become a known method either.
  const RouteTable table = router.freeze({});
  MatchScratch scratch;
  EXPECT_EQ(table.match("OTHER", "/", "", scratch).outcome, MatchOutcome::method_unknown);
  EXPECT_EQ(table.match("NEW", "/", "", scratch).outcome, MatchOutcome::not_found);
}

TEST(Router, settings_are_those_at_the_freeze) {
  Router router;
  ASSERT_EQ(added(router, "GET /a"), "0");
  ASSERT_EQ(added(router, "GET /b"), "1");
  int context = 0;
  router.settings(1) = {.handler = {nullptr, &context},
                        .body_bytes_max = 7,
                        .wants_json = true,
                        .untyped_is_json = true,
                        .tag = 42};
  const RouteTable table = router.freeze({});
  EXPECT_EQ(table.route_count(), 2u);
  MatchScratch scratch;
  const Match match = table.match("GET", "/b", "", scratch);
  ASSERT_EQ(match.outcome, MatchOutcome::found);
  EXPECT_EQ(match.route, &table.settings(1));
  EXPECT_EQ(match.route->handler.context, &context);
  EXPECT_EQ(match.route->body_bytes_max, 7u);
  EXPECT_TRUE(match.route->wants_json);
  EXPECT_TRUE(match.route->untyped_is_json);
  EXPECT_EQ(match.route->tag, 42u);
}

TEST(Router, a_websocket_route_stands_beside_methods_and_not_beside_another) {
  Router router;
  const std::string_view get = "GET";
  ASSERT_TRUE(router.add({&get, 1}, "/a/{id}"));
  const auto socket = router.add_websocket("/a/{name}");
  ASSERT_TRUE(socket.has_value());
  EXPECT_EQ(*socket, 1u);
  EXPECT_TRUE(router.settings(1).is_websocket);
  EXPECT_FALSE(router.settings(0).is_websocket);
  const auto again = router.add_websocket("/a/{other}");
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().problem, RouteProblem::conflict);
  EXPECT_EQ(again.error().other, 1u);
  EXPECT_EQ(router.add_websocket("a").error().problem, RouteProblem::no_leading_slash);
  EXPECT_EQ(router.route_count(), 2u);
}

}  // namespace
}  // namespace pelton::http
