// Collects routes, checks each at once, and freezes them into a table. Used at start only.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/routing/method_set.hpp"
#include "http/routing/pattern.hpp"
#include "http/routing/route_error.hpp"
#include "http/routing/route_table.hpp"
#include "http/routing/segment_test.hpp"

namespace pelton::http {

class Router {
 public:
  struct Options {
    TrailingSlash trailing_slash = TrailingSlash::strict;
    std::uint64_t hash_key = 0;  // random per process (URL-005); fixed in tests
    std::vector<Mount> mounts = {};
    std::optional<RouteSettings> catch_all = {};  // see RouteTable::Parts
    std::optional<RouteSettings> websocket_catch_all = {};
  };

  // Returns the route's index, which counts up from 0. After an error nothing has changed.
  std::expected<std::uint32_t, RouteError> add(std::span<const std::string_view> methods,
                                               std::string_view pattern,
                                               SegmentTestMaker regex = {});

  // A WebSocket route; a GET route may have the same template.
  std::expected<std::uint32_t, RouteError> add_websocket(std::string_view pattern,
                                                         SegmentTestMaker regex = {});

  RouteSettings& settings(std::uint32_t route) { return settings_[route]; }
  const Pattern& pattern(std::uint32_t route) const { return routes_[route].pattern; }
  std::size_t route_count() const { return routes_.size(); }

  RouteTable freeze(const Options& options) const;

 private:
  struct Registered {
    Pattern pattern;
    MethodBits methods = 0;
    std::vector<SegmentTest> tests;
  };

  std::expected<std::uint32_t, RouteError> insert(MethodBits methods, std::string_view pattern,
                                                  const SegmentTestMaker& regex);

  MethodSet methods_;
  std::vector<Registered> routes_;
  std::vector<RouteSettings> settings_;
  // Routes by shape; routes of one shape have no method in common.
  std::map<std::string, std::vector<std::uint32_t>> by_shape_;
};

}  // namespace pelton::http
