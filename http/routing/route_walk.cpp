#include "http/routing/route_walk.hpp"

namespace pelton::http {
namespace {

using Node = RouteIndex::Node;
using Edge = RouteIndex::Edge;

class Walk {
 public:
  Walk(const RouteIndex& index, const WalkInput& input) : index_(index), input_(input) {}

  // Enters nodes in order of priority until `accept` takes one at which the path ends.
  template <typename Accept>
  const Node* run(MethodBits& wanted, Accept accept) {
    const Node* child = index_.nodes.data();
    if (!(child->methods & wanted)) return nullptr;
    std::uint32_t depth = 0;
    child = enter(depth, child, wanted);
    while (true) {
      if (child == nullptr) {
        if (depth == 0) return nullptr;
        child = next_child(--depth, wanted);
        continue;
      }
      if (is_rest_ || depth + 1 == input_.segment_count) {
        if ((child->methods_here & wanted) && accept(*child)) return child;
        child = next_child(depth, wanted);
        continue;
      }
      child = enter(++depth, child, wanted);
    }
  }

 private:
  std::string_view segment(std::uint32_t depth) const {
    const std::uint32_t begin = depth == 0 ? 1 : input_.segment_ends[depth - 1] + 1;
    return {input_.path.data() + begin, input_.segment_ends[depth] - begin};
  }

  const Node* enter(std::uint32_t depth, const Node* node, MethodBits wanted) {
    WalkFrame& frame = input_.frames[depth];
    frame.node = node;
    frame.edge = frame.edge_end = nullptr;
    frame.shape = index_.shapes.data() + node->shape_first;
    frame.shape_end = frame.shape + node->shape_count;
    // A node at the table's full depth has no children, and the end of its segment is not stored.
    if (node->literal_filter != 0) {
      const std::string_view text = segment(depth);
      const SegmentScan scan =
          whole_segment(text.data(), text.data() + text.size(), index_.node_key(number_of(node)));
      const std::uint32_t child = index_.find_literal(number_of(node), scan);
      if (child != RouteIndex::none && (index_.nodes[child].methods & wanted)) {
        is_rest_ = false;
        return &index_.nodes[child];
      }
    }
    return next_child(depth, wanted);
  }

  const Node* next_child(std::uint32_t depth, MethodBits wanted) {
    WalkFrame& frame = input_.frames[depth];
    is_rest_ = false;
    while (true) {
      while (frame.edge != frame.edge_end) {
        const Edge& edge = *frame.edge++;
        const Node& child = index_.nodes[edge.child];
        if (!(child.methods & wanted)) continue;
        if (takes(edge, frame.value, input_.values[child.value_count - 1])) return &child;
      }
      if (frame.shape == frame.shape_end) break;
      const RouteIndex::Shape& shape = *frame.shape++;
      const std::string_view text = segment(depth);
      const std::size_t literal_bytes = shape.prefix_bytes + shape.suffix_bytes;
      if (text.size() <= literal_bytes) continue;
      const std::span<const Edge> edges = index_.find_edges(number_of(frame.node), shape, text);
      frame.edge = edges.data();
      frame.edge_end = edges.data() + edges.size();
      frame.value = {text.data() + shape.prefix_bytes, text.size() - literal_bytes};
    }
    return rest_child(depth, frame, wanted);
  }

  // The child that is tried last; a frame without a node has tried it.
  const Node* rest_child(std::uint32_t depth, WalkFrame& frame, MethodBits wanted) {
    if (frame.node == nullptr || frame.node->rest == RouteIndex::none) return nullptr;
    const Node& child = index_.nodes[frame.node->rest];
    frame.node = nullptr;
    if (!(child.methods & wanted)) return nullptr;
    const std::uint32_t begin = depth == 0 ? 1 : input_.segment_ends[depth - 1] + 1;
    PathValue& value = input_.values[child.value_count - 1];
    value.text = input_.path.substr(begin);
    value.converter = Converter::path;
    is_rest_ = true;
    return &child;
  }

  std::uint32_t number_of(const Node* node) const {
    return static_cast<std::uint32_t>(node - index_.nodes.data());
  }

  const RouteIndex& index_;
  const WalkInput& input_;
  bool is_rest_ = false;  // the child just returned takes the whole rest of the path
};

}  // namespace

Walked walk_route(const RouteIndex& index, const WalkInput& input, std::uint32_t method) {
  MethodBits wanted = MethodBits{1} << method;
  const Node* node = Walk(index, input).run(wanted, [](const Node&) { return true; });
  if (node == nullptr) return {};
  return {.route = index.route_at(*node, method), .value_count = node->value_count};
}

MethodBits walk_methods(const RouteIndex& index, const WalkInput& input) {
  MethodBits found = 0;
  // Methods already found need not be found again, which shortens the walk.
  MethodBits wanted = ~MethodBits{0};
  Walk(index, input).run(wanted, [&](const Node& node) {
    found |= node.methods_here;
    wanted = ~found;
    return false;
  });
  return found;
}

}  // namespace pelton::http
