#include "tests/http/routing/routes.hpp"

#include <algorithm>
#include <map>
#include <span>

#include "core/check.hpp"
#include "http/message/method.hpp"

namespace pelton::http {
namespace {

constexpr std::uint64_t test_key = 0x0123'4567'89AB'CDEFu;

Router router_of(std::span<const std::string_view> lines) {
  Router router;
  for (const std::string_view line : lines) {
    CHECK(add_line(router, line).has_value());
  }
  return router;
}

}  // namespace

const std::regex& test_regex(const std::string& pattern) {
  // Compiling costs more than a whole table; a map keeps its elements where they are.
  static std::map<std::string, std::regex> compiled;
  const auto at = compiled.find(pattern);
  return at != compiled.end() ? at->second : compiled.emplace(pattern, pattern).first->second;
}

SegmentTestMaker test_regexes() {
  return {[](void*, std::string_view pattern) -> std::optional<SegmentTest> {
            const std::regex& regex = test_regex(std::string(pattern));
            return SegmentTest{[](void* context, std::string_view text) {
                                 return std::regex_match(text.begin(), text.end(),
                                                         *static_cast<const std::regex*>(context));
                               },
                               const_cast<std::regex*>(&regex)};
          },
          nullptr};
}

std::expected<std::uint32_t, RouteError> add_line(Router& router, std::string_view line) {
  const std::size_t space = line.find(' ');
  std::vector<std::string_view> methods;
  for (std::size_t begin = 0; begin < space;) {
    const std::size_t end = std::min(line.find('|', begin), space);
    methods.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  auto added = router.add(methods, line.substr(space + 1), test_regexes());
  if (added) router.settings(*added).tag = *added;
  return added;
}

Routes::Routes(std::initializer_list<std::string_view> lines, TrailingSlash trailing_slash)
    : router_(router_of(lines)),
      table_(router_.freeze({.trailing_slash = trailing_slash, .hash_key = test_key})) {}

Routes::Routes(const std::vector<std::string>& lines, TrailingSlash trailing_slash)
    : router_(router_of(std::vector<std::string_view>(lines.begin(), lines.end()))),
      table_(router_.freeze({.trailing_slash = trailing_slash, .hash_key = test_key})) {}

Routes::Routes(Router router)
    : router_(std::move(router)), table_(router_.freeze({.hash_key = test_key})) {}

std::string Routes::operator()(std::string_view request) {
  const RequestHead head = head_of(request);
  const std::string line = line_of(table_.match(head, scratch_));
  const std::string other = line_of(table_.match(head.text(head.method_text), head.text(head.path),
                                                 head.text(head.query), scratch_));
  return line == other ? line : std::string(line).append(" by head, by text ").append(other);
}

RequestHead head_of(std::string_view request) {
  const auto at = [](std::size_t offset) { return static_cast<std::uint32_t>(offset); };
  const std::size_t space = request.find(' ');
  const std::size_t query = std::min(request.find('?'), request.size());
  RequestHead head;
  head.base = request.data();
  head.method = method_of(request.substr(0, space));
  head.method_text = {0, at(space)};
  head.target = {at(space + 1), at(request.size() - space - 1)};
  head.path = {at(space + 1), at(query - space - 1)};
  if (query != request.size()) head.query = {at(query + 1), at(request.size() - query - 1)};
  if (request == "OPTIONS *") head.form = TargetForm::asterisk;
  return head;
}

std::string Routes::line_of(const Match& match) const {
  switch (match.outcome) {
    case MatchOutcome::found: {
      std::string line = match.head_of_get ? "HEAD of " : "";
      line += router_.pattern(match.route->tag).text;
      for (const PathValue& value : match.values) line.append(" ").append(text_of(value));
      return line;
    }
    case MatchOutcome::not_found:
      return "404";
    case MatchOutcome::method_not_allowed:
      return "405 " + std::string(match.allow);
    case MatchOutcome::method_unknown:
      return "501";
    case MatchOutcome::trace_disabled:
      return "TRACE " + std::string(match.allow);
    case MatchOutcome::path_not_utf8:
      return "400";
    case MatchOutcome::automatic_options:
      return "204 " + std::string(match.allow);
    case MatchOutcome::redirect:
      return "308 " + std::string(match.location);
    case MatchOutcome::websocket_required:
      return "426";
  }
  return "?";
}

std::string text_of(const PathValue& value) {
  std::string text(value.text);
  if (value.converter == Converter::integer) text.append("=").append(std::to_string(value.integer));
  if (value.converter == Converter::real) text.append("=").append(std::to_string(value.real));
  return text;
}

}  // namespace pelton::http
