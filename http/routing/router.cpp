#include "http/routing/router.hpp"

#include <algorithm>
#include <utility>

namespace pelton::http {

std::expected<std::uint32_t, RouteError> Router::add(std::span<const std::string_view> methods,
                                                     std::string_view pattern,
                                                     SegmentTestMaker regex) {
  // The template is checked before the methods.
  if (const auto parsed = Pattern::parse(pattern); !parsed) return std::unexpected(parsed.error());
  MethodSet known = methods_;
  MethodBits bits = 0;
  for (std::uint32_t index = 0; index < methods.size(); ++index) {
    const std::optional<std::uint32_t> method = known.add(methods[index]);
    if (!method) return std::unexpected(RouteError{RouteProblem::method, index});
    bits |= MethodBits{1} << *method;
  }
  if (bits == 0) return std::unexpected(RouteError{RouteProblem::method});
  const auto route = insert(bits, pattern, regex);
  if (route) methods_ = std::move(known);
  return route;
}

std::expected<std::uint32_t, RouteError> Router::add_websocket(std::string_view pattern,
                                                               SegmentTestMaker regex) {
  const auto route = insert(MethodSet::websocket_bit, pattern, regex);
  if (route) settings_[*route].is_websocket = true;
  return route;
}

std::expected<std::uint32_t, RouteError> Router::insert(MethodBits methods,
                                                        std::string_view pattern,
                                                        const SegmentTestMaker& regex) {
  std::expected<Pattern, RouteError> parsed = Pattern::parse(pattern);
  if (!parsed) return std::unexpected(parsed.error());
  std::string shape = parsed->shape();
  if (const auto same = by_shape_.find(shape); same != by_shape_.end()) {
    for (const std::uint32_t other : same->second) {
      if (routes_[other].methods & methods) {
        return std::unexpected(RouteError{RouteProblem::conflict, 0, other});
      }
    }
  }

  std::vector<SegmentTest> tests;
  for (const PatternParameter& parameter : parsed->parameters) {
    if (parameter.converter != Converter::regex) continue;
    const std::optional<SegmentTest> test = regex(parameter.regex);
    if (!test) return std::unexpected(RouteError{RouteProblem::bad_regex, parameter.position});
    tests.push_back(*test);
  }

  const auto route = static_cast<std::uint32_t>(routes_.size());
  by_shape_[std::move(shape)].push_back(route);
  routes_.push_back({std::move(*parsed), methods, std::move(tests)});
  settings_.emplace_back().path = pattern;
  return route;
}

RouteTable Router::freeze(const Options& options) const {
  std::vector<RouteTemplate> templates;
  templates.reserve(routes_.size());
  for (const Registered& route : routes_) {
    templates.push_back({route.pattern, route.methods, route.tests});
  }
  std::vector<Mount> mounts = options.mounts;
  for (Mount& mount : mounts) {
    mount.stand_alone(std::ranges::none_of(
        routes_, [&](const Registered& route) { return mount.may_share(route.pattern); }));
  }
  return RouteTable({.index = RouteIndex::build(templates, options.hash_key),
                     .methods = methods_,
                     .settings = settings_,
                     .trailing_slash = options.trailing_slash,
                     .mounts = std::move(mounts),
                     .catch_all = options.catch_all,
                     .websocket_catch_all = options.websocket_catch_all});
}

}  // namespace pelton::http
