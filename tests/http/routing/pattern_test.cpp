#include "http/routing/pattern.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pelton::http {
namespace {

// The template put together again from its parts, with every converter spelled out.
std::string parts(std::string_view text) {
  const auto pattern = Pattern::parse(text);
  if (!pattern) return "refused";
  EXPECT_EQ(pattern->text, text);
  std::string line;
  for (const PatternSegment& segment : pattern->segments) {
    line.append("/").append(segment.prefix);
    if (segment.is_literal()) continue;
    const PatternParameter& parameter = pattern->parameters[segment.parameter];
    line.append("{").append(parameter.name).append(":").append(word_of(parameter.converter));
    if (!parameter.regex.empty()) line.append("(").append(parameter.regex).append(")");
    line.append("}").append(segment.suffix);
  }
  return line;
}

std::string problem(std::string_view text) {
  const auto pattern = Pattern::parse(text);
  if (pattern) return "taken";
  std::string line(word_of(pattern.error().problem));
  return line.append(" ").append(std::to_string(pattern.error().position));
}

std::string shape(std::string_view text) {
  return Pattern::parse(text)->shape();
}

TEST(Pattern, segments_and_parameters) {
  EXPECT_EQ(parts("/"), "/");
  EXPECT_EQ(parts("/a/b"), "/a/b");
  EXPECT_EQ(parts("/a//b/"), "/a//b/");
  EXPECT_EQ(parts("/{id}"), "/{id:str}");
  EXPECT_EQ(parts("/{id:str}/x"), "/{id:str}/x");
  EXPECT_EQ(parts("/u/{id:int}/{x:float}/{u:uuid}"), "/u/{id:int}/{x:float}/{u:uuid}");
  EXPECT_EQ(parts("/f/{p:path}"), "/f/{p:path}");
  EXPECT_EQ(parts("/f/{*p}"), "/f/{p:path}");
  EXPECT_EQ(parts("/v{n:int}/{name}.json/a-{b}-c"), "/v{n:int}/{name:str}.json/a-{b:str}-c");
  EXPECT_EQ(parts("/caf\xC3\xA9/{\xC3\xA9t\xC3\xA9_1}"), "/caf\xC3\xA9/{\xC3\xA9t\xC3\xA9_1:str}");
  EXPECT_EQ(parts("/v1/items:batch/a:"), "/v1/items:batch/a:");
}

TEST(Pattern, regexes_nest_braces_and_parentheses) {
  EXPECT_EQ(parts("/{s:regex([a-z]{2,3})}"), "/{s:regex([a-z]{2,3})}");
  EXPECT_EQ(parts("/{s:regex((a|(b))c)}.x"), "/{s:regex((a|(b))c)}.x");
  EXPECT_EQ(parts("/{s:regex(\\)\\(})}"), "/{s:regex(\\)\\(})}");
  EXPECT_EQ(parts("/{s:regex([)(])}/a"), "/{s:regex([)(])}/a");
  EXPECT_EQ(parts("/{s:regex([^])])}"), "/{s:regex([^])])}");
  EXPECT_EQ(parts("/{s:regex([\\])]+)}"), "/{s:regex([\\])]+)}");
  EXPECT_EQ(parts("/{s:regex(a/b?#)}/c"), "/{s:regex(a/b?#)}/c");
}

TEST(Pattern, positions_and_names_of_parameters) {
  const auto pattern = Pattern::parse("/a/x{id:int}/{rest:path}");
  ASSERT_TRUE(pattern);
  ASSERT_EQ(pattern->parameters.size(), 2u);
  EXPECT_EQ(pattern->parameters[0].position, 4u);
  EXPECT_EQ(pattern->parameters[1].name, "rest");
  EXPECT_FALSE(pattern->is_literal());
  EXPECT_TRUE(Pattern::parse("/a/b")->is_literal());
}

TEST(Pattern, refused_templates) {
  EXPECT_EQ(problem(""), "no_leading_slash 0");
  EXPECT_EQ(problem("a/b"), "no_leading_slash 0");
  EXPECT_EQ(problem("*"), "no_leading_slash 0");
  EXPECT_EQ(problem("/a?b"), "query_or_fragment 2");
  EXPECT_EQ(problem("/a/{b}#c"), "query_or_fragment 6");
  EXPECT_EQ(problem("/users/:id"), "colon_parameter 7");
  EXPECT_EQ(problem("/{a}{b}"), "two_parameters 4");
  EXPECT_EQ(problem("/{a}-{b}"), "two_parameters 5");
  EXPECT_EQ(problem("/{a}-{*b}"), "two_parameters 5");
  EXPECT_EQ(problem("/{a}/{a}"), "duplicate_parameter 5");
  EXPECT_EQ(problem("/{a:integer}"), "unknown_converter 4");
  EXPECT_EQ(problem("/{a:}"), "unknown_converter 4");
  EXPECT_EQ(problem("/{a:Int}"), "unknown_converter 4");
  EXPECT_EQ(problem("/{a:int(2)}"), "bad_parameter 1");
  EXPECT_EQ(problem("/f/{p:path}/x"), "path_not_last 3");
  EXPECT_EQ(problem("/f/{*p}/"), "path_not_last 3");
  EXPECT_EQ(problem("/f/a{p:path}"), "path_not_last 3");
  EXPECT_EQ(problem("/f/{p:path}.x"), "path_not_last 3");
  EXPECT_EQ(problem("/{s:regex()}"), "bad_regex 4");
  EXPECT_EQ(problem("/{s:regex}"), "bad_regex 4");
  for (const std::string_view text :
       {"/{", "/{}", "/{a", "/a}", "/{a/b}", "/{1a}", "/{a b}", "/{{a}}", "/{*}", "/{*p:path}",
        "/{a:str", "/{s:regex(", "/{s:regex((a)}", "/{s:regex(a)", "/{s:regex(a)x}",
        "/{s:regex([a)}", "/{s:regex(\\", "/{s:regex([\\"}) {
    EXPECT_EQ(problem(text).substr(0, 13), "bad_parameter") << text;
  }
}

TEST(Pattern, as_many_parameters_as_a_match_has_room_for) {
  std::string text;
  for (std::size_t count = 1; count <= path_values_max + 1; ++count) {
    text.append("/{p").append(std::to_string(count)).append("}");
    EXPECT_EQ(problem(text).substr(0, 19),
              count > path_values_max ? "too_many_parameters" : "taken");
  }
}

TEST(Pattern, shapes_ignore_names_and_nothing_else) {
  EXPECT_EQ(shape("/a/{x}"), shape("/a/{y:str}"));
  EXPECT_EQ(shape("/{p:path}"), shape("/{*q}"));
  EXPECT_EQ(shape("/{a:regex(x)}"), shape("/{b:regex(x)}"));
  const std::string_view distinct[] = {
      "/",         "/a",           "/a/",          "/{a}",           "/{a}/",          "/{a:int}",
      "/{a:uuid}", "/{a:float}",   "/{a:path}",    "/{a:regex(x)}",  "/{a:regex(xy)}", "/x{a}",
      "/{a}x",     "/x{a}y",       "/xy{a}",       "/{a:regex(x)}y", "/str0",          "/{a}/{b}",
      "/{a}/b",    "/{a:int}/{b}", "/{a}/{b:int}", "/{a:regex(})}",  "/{a:regex(1)}1"};
  for (const std::string_view left : distinct) {
    for (const std::string_view right : distinct) {
      EXPECT_EQ(shape(left) == shape(right), left == right) << left << ' ' << right;
    }
  }
}

}  // namespace
}  // namespace pelton::http
