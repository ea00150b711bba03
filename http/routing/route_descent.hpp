// The short road through the trie: the first choice at every segment and nothing else, straight on
// the path as sent. It finds nothing wherever it would have to turn back, decode, or ask a regular
// expression; what it does find is what the whole walk would.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/routing/match.hpp"
#include "http/routing/route_index.hpp"

namespace pelton::http {

struct Walked {
  std::uint32_t route = RouteIndex::none;
  std::uint32_t value_count = 0;
};

// The best route among those whose only parameter is the last segment behind these very literals;
// nothing where another shape of route may be better. The path is no static one for this method.
Walked find_behind_literals(const RouteIndex& index, std::string_view path, std::uint32_t method,
                            PathValue* values);

// Performance: benchmarks/micro/router.cpp. `values` has room for path_values_max.
Walked descend_to_route(const RouteIndex& index, std::string_view path, std::uint32_t method,
                        PathValue* values);

// Whether the parameter takes the text, which becomes its value.
bool takes(const RouteIndex::Edge& edge, std::string_view text, PathValue& value);

}  // namespace pelton::http
