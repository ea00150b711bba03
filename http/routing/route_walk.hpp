// Finds the best route for a path by walking the trie with backtracking. A node stands for one
// sequence of decisions, so a walk enters each node at most once: the table's size bounds the cost.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "http/routing/match.hpp"
#include "http/routing/route_descent.hpp"
#include "http/routing/route_index.hpp"

namespace pelton::http {

struct WalkFrame {
  const RouteIndex::Node* node = nullptr;
  const RouteIndex::Edge* edge = nullptr;  // the next to try
  const RouteIndex::Edge* edge_end = nullptr;
  const RouteIndex::Shape* shape = nullptr;  // the next to try
  const RouteIndex::Shape* shape_end = nullptr;
  std::string_view value;  // the segment without the literals of the current shape
};

struct WalkInput {
  std::string_view path;                        // decoded
  std::span<const std::uint32_t> segment_ends;  // of at least the first depth_max segments
  std::uint32_t segment_count = 0;
  std::span<WalkFrame> frames;  // depth_max + 1
  std::span<PathValue, path_values_max> values;
};

// The best route with the method; its values are in input.values.
Walked walk_route(const RouteIndex& index, const WalkInput& input, std::uint32_t method);

// The methods of all routes whose template matches.
MethodBits walk_methods(const RouteIndex& index, const WalkInput& input);

}  // namespace pelton::http
