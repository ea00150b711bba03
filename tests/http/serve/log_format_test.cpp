#include "http/serve/log_format.hpp"

#include <gtest/gtest.h>

namespace pelton::http {
namespace {

std::string problem_of(std::string_view text) {
  const auto format = LogFormat::parse(text);
  return format ? "" : format.error();
}

TEST(LogFormat, atoms_and_literals_in_their_order) {
  const auto format = LogFormat::parse("{client}: {{{method}}} {header:X-Team}!");
  ASSERT_TRUE(format.has_value()) << format.error();
  const auto& steps = format->steps();
  ASSERT_EQ(steps.size(), 4u);
  EXPECT_EQ(steps[0].literal, "");
  EXPECT_EQ(steps[0].atom, LogAtom::client);
  EXPECT_EQ(steps[1].literal, ": {");
  EXPECT_EQ(steps[1].atom, LogAtom::method);
  EXPECT_EQ(steps[2].literal, "} ");
  EXPECT_EQ(steps[2].atom, LogAtom::header);
  EXPECT_EQ(steps[2].field_name, "x-team");
  EXPECT_EQ(steps[3].literal, "!\n");
  EXPECT_EQ(steps[3].atom, LogAtom::none);
  EXPECT_FALSE(format->json());
  EXPECT_TRUE(format->has(LogAtom::method));
  EXPECT_FALSE(format->has(LogAtom::status));
  EXPECT_GT(format->line_bytes_max(), 3 * LogFormat::value_bytes_max);
}

TEST(LogFormat, the_two_names) {
  const auto combined = LogFormat::parse("combined");
  ASSERT_TRUE(combined.has_value());
  EXPECT_TRUE(combined->has(LogAtom::referer));
  EXPECT_FALSE(combined->json());
  const auto json = LogFormat::parse("json");
  ASSERT_TRUE(json.has_value());
  EXPECT_TRUE(json->json());
  EXPECT_TRUE(json->has(LogAtom::reason));
}

TEST(LogFormat, what_makes_no_format_is_told) {
  EXPECT_NE(problem_of("combine").find("combined, json"), std::string::npos);
  EXPECT_NE(problem_of("").find("combined, json"), std::string::npos);
  EXPECT_NE(problem_of("{staus}").find("no atom {staus}; there are time, "), std::string::npos);
  EXPECT_NE(problem_of("{status").find("without its }"), std::string::npos);
  EXPECT_NE(problem_of("{status}}").find("write }}"), std::string::npos);
  EXPECT_NE(problem_of(" {status}").find("space"), std::string::npos);
  EXPECT_NE(problem_of("{status}\n").find("printable"), std::string::npos);
  EXPECT_NE(problem_of("{header:}").find("no header field"), std::string::npos);
  EXPECT_NE(problem_of("{header:a b}").find("no header field"), std::string::npos);
}

}  // namespace
}  // namespace pelton::http
