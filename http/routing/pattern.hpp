// A route's template in parts: segments with at most one parameter each, and the parameters in
// order. Literals are decoded text, to be compared with decoded segments.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "http/routing/match.hpp"
#include "http/routing/route_error.hpp"

namespace pelton::http {

struct PatternParameter {
  std::string name;
  Converter converter = Converter::text;
  std::string regex;           // Converter::regex
  std::uint32_t position = 0;  // of its '{' in the template
};

struct PatternSegment {
  static constexpr std::uint32_t no_parameter = UINT32_MAX;

  std::string prefix;  // the whole segment if it has no parameter
  std::string suffix;
  std::uint32_t parameter = no_parameter;  // index into Pattern::parameters

  bool is_literal() const { return parameter == no_parameter; }
};

// A URL is built from '/' and the prefix, value and suffix of each segment.
struct Pattern {
  std::string text;
  std::vector<PatternSegment> segments;
  std::vector<PatternParameter> parameters;

  static std::expected<Pattern, RouteError> parse(std::string_view text);

  // Equal for templates that match the same paths by the same rules; names do not count.
  std::string shape() const;
  bool is_literal() const { return parameters.empty(); }
};

// The converter's name in templates.
std::string_view word_of(Converter converter);

}  // namespace pelton::http
