// Why a route was refused at registration: the problem, its place in the template, and the
// conflicting route. The binding turns it into advice.
#pragma once

#include <cstdint>
#include <string_view>

namespace pelton::http {

enum class RouteProblem : std::uint8_t {
  conflict,        // same method and shape as the route `other`
  two_parameters,  // in one segment
  unknown_converter,
  duplicate_parameter,
  no_leading_slash,
  query_or_fragment,  // '?' or '#' in a literal
  colon_parameter,    // ":id" instead of "{id}"
  path_not_last,      // a path parameter that is not the whole last segment
  bad_regex,          // empty, or refused by its compiler
  bad_parameter,      // braces that do not form "{name}" or "{name:converter}"
  method,             // no token, too many of them, CONNECT or TRACE
  too_many_parameters,
};

struct RouteError {
  static constexpr std::uint32_t no_route = UINT32_MAX;

  RouteProblem problem = RouteProblem::conflict;
  std::uint32_t position = 0;  // octet in the template; for `method` the index of the method
  std::uint32_t other = no_route;
};

// The problem's name in the Python API.
constexpr std::string_view word_of(RouteProblem problem) {
  switch (problem) {
    case RouteProblem::conflict:
      return "conflict";
    case RouteProblem::two_parameters:
      return "two_parameters";
    case RouteProblem::unknown_converter:
      return "unknown_converter";
    case RouteProblem::duplicate_parameter:
      return "duplicate_parameter";
    case RouteProblem::no_leading_slash:
      return "no_leading_slash";
    case RouteProblem::query_or_fragment:
      return "query_or_fragment";
    case RouteProblem::colon_parameter:
      return "colon_parameter";
    case RouteProblem::path_not_last:
      return "path_not_last";
    case RouteProblem::bad_regex:
      return "bad_regex";
    case RouteProblem::bad_parameter:
      return "bad_parameter";
    case RouteProblem::method:
      return "method";
    case RouteProblem::too_many_parameters:
      return "too_many_parameters";
  }
  return {};
}

}  // namespace pelton::http
