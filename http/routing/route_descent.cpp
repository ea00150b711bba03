#include "http/routing/route_descent.hpp"

#include <cstring>

#include "http/message/path.hpp"
#include "http/routing/conversion.hpp"

namespace pelton::http {
namespace {

using Node = RouteIndex::Node;
using Edge = RouteIndex::Edge;

constexpr std::uint32_t none = RouteIndex::none;

struct Parameter {
  std::uint32_t child = none;
  // A better choice may exist that only the full walk finds.
  bool gives_up = false;
};

struct Descent {
  const RouteIndex& index;
  MethodBits wanted;
  PathValue* values;

  Parameter first_of(const Edge* edge, const Edge* end, std::string_view text) const {
    for (; edge != end; ++edge) {
      const Node& child = index.nodes.data()[edge->child];
      if (!(child.methods & wanted)) continue;
      if (edge->converter == Converter::regex) return {.gives_up = true};
      if (takes(*edge, text, values[child.value_count - 1])) return {.child = edge->child};
    }
    return {};
  }

  // Parameters with literals around them are rare: their code is kept apart from the common path.
  [[gnu::noinline]] Parameter first_of_shapes(std::uint32_t node, std::string_view segment) const {
    const RouteIndex::Shape* shape = index.shapes.data() + index.nodes[node].shape_first;
    for (std::uint32_t left = index.nodes[node].shape_count; left != 0; --left, ++shape) {
      const std::size_t literal_bytes = shape->prefix_bytes + shape->suffix_bytes;
      if (segment.size() <= literal_bytes) continue;
      const std::span<const Edge> edges = index.find_edges(node, *shape, segment);
      const Parameter found =
          first_of(edges.data(), edges.data() + edges.size(),
                   {segment.data() + shape->prefix_bytes, segment.size() - literal_bytes});
      if (found.child != none || found.gives_up) return found;
    }
    return {};
  }

  [[gnu::noinline]] Walked rest_of(const Node& node, std::string_view rest,
                                   std::uint32_t method) const {
    if (node.rest == none) return {};
    const Node& child = index.nodes[node.rest];
    if (!(child.methods_here & wanted)) return {};
    // With the '/' before it the rest is a path again.
    const PathShape shape = split_path({rest.data() - 1, rest.size() + 1}, {});
    if (shape.has_escape || shape.has_dot_segment) return {};
    PathValue& value = values[child.value_count - 1];
    value.text = rest;
    value.converter = Converter::path;
    return {.route = index.route_at(child, method), .value_count = child.value_count};
  }
};

}  // namespace

Walked find_behind_literals(const RouteIndex& index, std::string_view path, std::uint32_t method,
                            PathValue* values) {
  const auto* const slash = static_cast<const char*>(::memrchr(path.data(), '/', path.size()));
  if (slash == nullptr) return {};
  const auto prefix_bytes = static_cast<std::size_t>(slash - path.data());
  const std::uint32_t number = index.find_prefix({path.data(), prefix_bytes});
  const std::string_view text{slash + 1, path.size() - prefix_bytes - 1};
  if (number == none || text.empty()) return {};
  const Edge* edge = index.edges.data() + index.nodes.data()[number].bare_first;
  const Edge* const end = edge + index.nodes.data()[number].bare_count;
  const auto take = [&](const Node& child) -> Walked {
    return {.route = index.route_at(child, method), .value_count = 1};
  };
  bool is_plain = false;
  for (; edge != end; ++edge) {
    const Node& child = index.nodes.data()[edge->child];
    if (!(child.methods_here >> method & 1)) continue;
    if (edge->converter == Converter::integer) {
      // Digits need no decoding and are no dot segment.
      values->text = text;
      values->converter = Converter::integer;
      if (read_integer(text, values->integer)) return take(child);
      continue;
    }
    if (edge->converter == Converter::regex) return {};
    if (!is_plain && (text.contains('%') || is_dot_segment(text))) return {};
    is_plain = true;
    if (takes(*edge, text, *values)) return take(child);
  }
  return {};
}

Walked descend_to_route(const RouteIndex& index, std::string_view path, std::uint32_t method,
                        PathValue* values) {
  if (path.empty() || path.data()[0] != '/') return {};
  const Descent descent{index, MethodBits{1} << method, values};
  const Node* const nodes = index.nodes.data();
  const char* at = path.data() + 1;
  const char* const end = path.data() + path.size();
  std::uint32_t number = 0;
  while (true) {
    const Node& node = nodes[number];
    const SegmentScan scan = scan_segment(at, end, index.node_key(number));
    if (scan.has_escape || is_dot_segment(scan.text)) [[unlikely]]
      return {};
    std::uint32_t child = index.find_literal(number, scan);
    if (child != none && !(nodes[child].methods & descent.wanted)) child = none;
    if (child == none) {
      Parameter parameter;
      if (node.shape_count > 1 || node.bare_count == 0) {
        parameter = descent.first_of_shapes(number, scan.text);
      } else if (!scan.text.empty()) {
        const Edge* const edge = index.edges.data() + node.bare_first;
        parameter = descent.first_of(edge, edge + node.bare_count, scan.text);
      }
      if (parameter.gives_up) return {};
      child = parameter.child;
    }
    if (child == none) {
      return descent.rest_of(node, {at, static_cast<std::size_t>(end - at)}, method);
    }
    number = child;
    at += scan.text.size();
    if (at == end) break;
    ++at;
  }
  const Node& node = nodes[number];
  if (!(node.methods_here & descent.wanted)) return {};
  return {.route = index.route_at(node, method), .value_count = node.value_count};
}

bool takes(const Edge& edge, std::string_view text, PathValue& value) {
  value.text = text;
  value.converter = edge.converter;
  if (edge.converter == Converter::integer) return read_integer(text, value.integer);
  switch (edge.converter) {
    case Converter::real:
      return read_real(text, value.real);
    case Converter::uuid:
      return is_uuid(text);
    case Converter::regex:
      return edge.test(text);
    case Converter::integer:
    case Converter::text:
    case Converter::path:
      break;
  }
  return true;
}

}  // namespace pelton::http
