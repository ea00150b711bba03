// Routes written as "GET|POST /template" and their answers written as one line, so that a test
// reads as a table of requests.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "http/routing/router.hpp"

namespace pelton::http {

// Regular expressions for tests, judged by std::regex; each is compiled once per process.
const std::regex& test_regex(const std::string& pattern);
SegmentTestMaker test_regexes();

class Routes {
 public:
  explicit Routes(std::initializer_list<std::string_view> lines,
                  TrailingSlash trailing_slash = TrailingSlash::strict);
  explicit Routes(const std::vector<std::string>& lines,
                  TrailingSlash trailing_slash = TrailingSlash::strict);

  // Each route's tag is its index.
  explicit Routes(Router router);

  // Asked by a parsed head and by texts, which take different roads and must agree; the line says
  // so if they do not. Answers are the template and its values ("HEAD of" before them where a GET
  // route answers), else
  // "404", "405 <allow>", "501", "TRACE <allow>", "400", "204 <allow>", "308 <location>".
  std::string operator()(std::string_view request);

  const RouteTable& table() const { return table_; }
  MatchScratch& scratch() { return scratch_; }

 private:
  std::string line_of(const Match& match) const;

  Router router_;
  RouteTable table_;
  MatchScratch scratch_;
};

// Adds "GET|POST /template"; the error if it is refused.
std::expected<std::uint32_t, RouteError> add_line(Router& router, std::string_view line);

// A head as the parser hands it out for the request "METHOD path?query".
RequestHead head_of(std::string_view request);

std::string text_of(const PathValue& value);

}  // namespace pelton::http
