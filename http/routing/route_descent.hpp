// A fast search of the trie: takes the first choice at every segment, on the path as sent. It finds
// nothing where it would have to backtrack, decode, or call a regular expression; a route that it
// finds is the one that the full walk would find.
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

// The best route whose only parameter is the last segment after these literals; nothing where
// another kind of route may be better. The path is not a static one for this method.
Walked find_behind_literals(const RouteIndex& index, std::string_view path, std::uint32_t method,
                            PathValue* values);

// Performance: benchmarks/micro/router.cpp. `values` has room for path_values_max.
Walked descend_to_route(const RouteIndex& index, std::string_view path, std::uint32_t method,
                        PathValue* values);

// Whether the parameter accepts the text, which becomes its value.
bool takes(const RouteIndex::Edge& edge, std::string_view text, PathValue& value);

}  // namespace pelton::http
