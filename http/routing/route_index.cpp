#include "http/routing/route_index.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <tuple>

#include "core/check.hpp"
#include "http/message/path.hpp"

namespace pelton::http {
namespace {

// The literals around a parameter, ordered best first: the order in which the parameters of one
// segment are tried.
struct Affixes {
  std::string prefix;
  std::string suffix;

  bool operator<(const Affixes& other) const {
    return std::tuple(other.prefix.size(), other.suffix.size(), prefix, suffix) <
           std::tuple(prefix.size(), suffix.size(), other.prefix, other.suffix);
  }
};

std::uint8_t rank_of(Converter converter) {
  switch (converter) {
    case Converter::uuid:
      return 0;
    case Converter::integer:
      return 1;
    case Converter::real:
      return 2;
    case Converter::regex:
      return 3;
    case Converter::text:
      return 4;
    case Converter::path:
      break;
  }
  CHECK(!"a path parameter is no edge");
  return 0;
}

struct BuildEdge {
  Converter converter;
  std::string regex;
  SegmentTest test;
  std::uint32_t child;
};

struct BuildNode {
  // The text that leads here, if it is literals that need no decoding.
  std::optional<std::string> prefix;
  std::map<std::string, std::uint32_t> literals;
  std::map<Affixes, std::vector<BuildEdge>> parameters;
  std::vector<RouteIndex::Terminal> terminals;
  std::uint32_t rest = RouteIndex::none;
  std::uint32_t value_count = 0;
  MethodBits methods = 0;
};

class IndexBuilder {
 public:
  explicit IndexBuilder(std::uint64_t key) : nodes_(1) {
    index_.key = key;
    index_.static_key = key;
    nodes_[0].prefix = "";
  }

  RouteIndex run(std::span<const RouteTemplate> routes) {
    for (std::uint32_t route = 0; route < routes.size(); ++route) insert(routes[route], route);
    flatten();
    index_prefixes();
    index_statics(routes);
    return std::move(index_);
  }

 private:
  void insert(const RouteTemplate& route, std::uint32_t number) {
    std::uint32_t node = 0;
    nodes_[0].methods |= route.methods;
    std::size_t test = 0;
    for (const PatternSegment& segment : route.pattern.segments) {
      node = child_for(node, segment, route, test);
      nodes_[node].methods |= route.methods;
    }
    for (std::uint32_t method = 0; method < MethodSet::index_end; ++method) {
      if (route.methods >> method & 1) nodes_[node].terminals.push_back({method, number});
    }
    index_.depth_max =
        std::max(index_.depth_max, static_cast<std::uint32_t>(route.pattern.segments.size()));
  }

  std::uint32_t child_for(std::uint32_t node, const PatternSegment& segment,
                          const RouteTemplate& route, std::size_t& test) {
    const std::uint32_t value_count = nodes_[node].value_count;
    if (segment.is_literal()) {
      const auto [at, is_new] = nodes_[node].literals.try_emplace(segment.prefix, added());
      if (is_new) {
        append(value_count);
        const std::string text = "/" + segment.prefix;
        if (nodes_[node].prefix && is_plain(text)) {
          nodes_.back().prefix = *nodes_[node].prefix + text;
        }
      }
      return at->second;
    }
    const PatternParameter& parameter = route.pattern.parameters[segment.parameter];
    if (parameter.converter == Converter::path) {
      if (nodes_[node].rest == RouteIndex::none) {
        nodes_[node].rest = added();
        append(value_count + 1);
      }
      return nodes_[node].rest;
    }
    const SegmentTest segment_test =
        parameter.converter == Converter::regex ? route.tests[test++] : SegmentTest{};
    std::vector<BuildEdge>& edges = nodes_[node].parameters[{segment.prefix, segment.suffix}];
    for (const BuildEdge& edge : edges) {
      if (edge.converter == parameter.converter && edge.regex == parameter.regex) return edge.child;
    }
    const std::uint32_t child = added();
    // In the order in which they are tried; regexes, which share a rank, by registration.
    const auto rank = [](const BuildEdge& edge) { return rank_of(edge.converter); };
    edges.insert(std::ranges::upper_bound(edges, rank_of(parameter.converter), {}, rank),
                 {parameter.converter, parameter.regex, segment_test, child});
    append(value_count + 1);
    return child;
  }

  std::uint32_t added() const { return static_cast<std::uint32_t>(nodes_.size()); }
  void append(std::uint32_t value_count) { nodes_.emplace_back().value_count = value_count; }

  void flatten() {
    std::size_t literal_count = 0;
    std::size_t affix_count = 0;
    for (const BuildNode& node : nodes_) {
      literal_count += node.literals.size();
      affix_count += node.parameters.size();
    }
    index_.literals.resize(std::bit_ceil(3 * literal_count + 1));
    index_.literal_mask = index_.literals.size() - 1;
    index_.affixes.resize(std::bit_ceil(3 * affix_count + 1));
    index_.affix_mask = index_.affixes.size() - 1;
    for (std::uint32_t number = 0; number < nodes_.size(); ++number) flatten(number);
  }

  void flatten(std::uint32_t number) {
    const BuildNode& from = nodes_[number];
    RouteIndex::Node node{.methods = from.methods,
                          .shape_first = size32(index_.shapes),
                          .rest = from.rest,
                          .value_count = from.value_count,
                          .terminal_first = size32(index_.terminals)};
    for (const RouteIndex::Terminal& terminal : from.terminals) {
      index_.terminals.push_back(terminal);
      node.methods_here |= MethodBits{1} << terminal.method;
    }
    for (const auto& [text, child] : from.literals) add_literal(number, node, text, child);
    for (const auto& [affixes, edges] : from.parameters)
      add_parameters(number, node, affixes, edges);
    node.shape_count = size32(index_.shapes) - node.shape_first;
    index_.nodes.push_back(node);
  }

  void add_literal(std::uint32_t number, RouteIndex::Node& node, const std::string& text,
                   std::uint32_t child) {
    const SegmentScan scan =
        whole_segment(text.data(), text.data() + text.size(), index_.node_key(number));
    node.literal_filter |= RouteIndex::filter_bit(scan.hash);
    std::uint64_t slot = scan.hash;
    while (index_.literals[slot & index_.literal_mask].child != RouteIndex::none) ++slot;
    index_.literals[slot & index_.literal_mask] = {.first_word = scan.first_word,
                                                   .text_offset = add_text(text),
                                                   .text_bytes = size32(text),
                                                   .node = number,
                                                   .child = child};
  }

  void add_parameters(std::uint32_t number, RouteIndex::Node& node, const Affixes& affixes,
                      const std::vector<BuildEdge>& edges) {
    const std::uint32_t edge_first = size32(index_.edges);
    const std::uint32_t edge_count = size32(edges);
    for (const BuildEdge& edge : edges) {
      index_.edges.push_back({.test = edge.test, .child = edge.child, .converter = edge.converter});
    }
    RouteIndex::Shape shape{.prefix_bytes = size32(affixes.prefix),
                            .suffix_bytes = size32(affixes.suffix)};
    if (affixes.prefix.empty() && affixes.suffix.empty()) {
      shape.edge_first = node.bare_first = edge_first;
      shape.edge_count = node.bare_count = edge_count;
    } else {
      std::uint64_t slot = index_.affix_hash(number, affixes.prefix, affixes.suffix);
      while (index_.affixes[slot & index_.affix_mask].node != RouteIndex::none) ++slot;
      index_.affixes[slot & index_.affix_mask] = {
          .text_offset = add_text(affixes.prefix + affixes.suffix),
          .prefix_bytes = shape.prefix_bytes,
          .suffix_bytes = shape.suffix_bytes,
          .node = number,
          .edge_first = edge_first,
          .edge_count = edge_count};
    }
    // Equal lengths are adjacent and share a shape.
    const bool is_known = index_.shapes.size() > node.shape_first &&
                          index_.shapes.back().prefix_bytes == shape.prefix_bytes &&
                          index_.shapes.back().suffix_bytes == shape.suffix_bytes;
    if (!is_known) index_.shapes.push_back(shape);
  }

  void index_prefixes() {
    const auto is_wanted = [this](std::uint32_t number) {
      const RouteIndex::Node& node = index_.nodes[number];
      return nodes_[number].prefix && node.bare_count != 0 && node.shape_count == 1;
    };
    std::size_t count = 0;
    for (std::uint32_t number = 0; number < nodes_.size(); ++number) count += is_wanted(number);
    index_.prefixes.resize(std::bit_ceil(3 * count + 1));
    index_.prefix_mask = index_.prefixes.size() - 1;
    for (std::uint32_t number = 0; number < nodes_.size(); ++number) {
      if (!is_wanted(number)) continue;
      const std::string& text = *nodes_[number].prefix;
      index_.prefix_bytes_max = std::max(index_.prefix_bytes_max, text.size());
      std::uint64_t slot = keyed_hash(index_.key, text);
      while (index_.prefixes[slot & index_.prefix_mask].node != RouteIndex::none) ++slot;
      index_.prefixes[slot & index_.prefix_mask] = {
          .text_offset = add_text(text), .text_bytes = size32(text), .node = number};
    }
  }

  struct StaticPath {
    std::string_view text;
    std::uint32_t text_offset;
    std::uint32_t method;
    std::uint32_t route;
  };

  void index_statics(std::span<const RouteTemplate> routes) {
    std::vector<StaticPath> paths;
    for (std::uint32_t number = 0; number < routes.size(); ++number) {
      const RouteTemplate& route = routes[number];
      if (!is_static(route.pattern)) continue;
      const std::string& text = route.pattern.text;
      index_.static_bytes_max = std::max(index_.static_bytes_max, text.size());
      const std::uint32_t text_offset = add_text(text);
      for (std::uint32_t method = 0; method < MethodSet::index_end; ++method) {
        if (route.methods >> method & 1) paths.push_back({text, text_offset, method, number});
      }
    }
    const std::size_t slots = std::bit_ceil(3 * paths.size() + 1);
    index_.statics.resize(slots);
    index_.static_mask = slots - 1;
    choose_static_key(paths);
    for (const StaticPath& path : paths) {
      std::uint64_t slot = index_.static_hash(path.method, path.text);
      while (index_.statics[slot & index_.static_mask].route != RouteIndex::none) ++slot;
      index_.statics[slot & index_.static_mask] = {.text_offset = path.text_offset,
                                                   .text_bytes = size32(path.text),
                                                   .method = path.method,
                                                   .route = path.route};
    }
  }

  // Two paths whose hashes share a slot cost a further comparison, and whether they do is a matter
  // of the secret key. So this tries some keys made of that one and takes the key under which the
  // fewest paths share a slot: then a route costs the same in every process.
  void choose_static_key(std::span<const StaticPath> paths) {
    constexpr std::size_t hashes_max = 1 << 14;
    constexpr std::size_t keys_max = 64;
    const std::size_t keys = std::min(keys_max, hashes_max / (paths.size() + 1) + 1);
    std::uint64_t best_key = index_.static_key;
    std::size_t fewest = paths.size();
    for (std::size_t tried = 0; tried < keys && fewest != 0; ++tried) {
      index_.static_key = folded_product(index_.key + tried, 0x9E37'79B9'7F4A'7C15u);
      const std::size_t displaced = displaced_by(paths);
      if (displaced < fewest) {
        best_key = index_.static_key;
        fewest = displaced;
      }
    }
    index_.static_key = best_key;
  }

  // How many of the paths hash to a slot that another one has.
  std::size_t displaced_by(std::span<const StaticPath> paths) const {
    std::vector<bool> taken(index_.statics.size());
    std::size_t displaced = 0;
    for (const StaticPath& path : paths) {
      const std::uint64_t slot = index_.static_hash(path.method, path.text) & index_.static_mask;
      displaced += taken[slot];
      taken[slot] = true;
    }
    return displaced;
  }

  // A '%' in a template means that character, which a path as sent spells %25; dot segments match
  // nothing (URL-003).
  static bool is_plain(std::string_view text) {
    const PathShape shape = split_path(text, {});
    return !shape.has_escape && !shape.has_dot_segment;
  }

  static bool is_static(const Pattern& pattern) {
    return pattern.is_literal() && is_plain(pattern.text);
  }

  std::uint32_t add_text(std::string_view text) {
    const std::uint32_t offset = size32(index_.texts);
    index_.texts += text;
    return offset;
  }

  template <typename Container>
  static std::uint32_t size32(const Container& container) {
    CHECK(container.size() < RouteIndex::none);
    return static_cast<std::uint32_t>(container.size());
  }

  RouteIndex index_;
  std::vector<BuildNode> nodes_;
};

}  // namespace

RouteIndex RouteIndex::build(std::span<const RouteTemplate> routes, std::uint64_t key) {
  return IndexBuilder(key).run(routes);
}

std::span<const RouteIndex::Edge> RouteIndex::find_edges(std::uint32_t node, const Shape& shape,
                                                         std::string_view segment) const {
  if (shape.prefix_bytes + shape.suffix_bytes == 0) {
    return std::span(edges).subspan(shape.edge_first, shape.edge_count);
  }
  const std::string_view prefix = segment.substr(0, shape.prefix_bytes);
  const std::string_view suffix = segment.substr(segment.size() - shape.suffix_bytes);
  for (std::uint64_t slot = affix_hash(node, prefix, suffix);; ++slot) {
    const AffixSlot& entry = affixes[slot & affix_mask];
    if (entry.node == none) return {};
    const char* const text = texts.data() + entry.text_offset;
    if (entry.node == node && entry.prefix_bytes == prefix.size() &&
        entry.suffix_bytes == suffix.size() && same_text(text, prefix.data(), prefix.size()) &&
        same_text(text + prefix.size(), suffix.data(), suffix.size())) {
      return std::span(edges).subspan(entry.edge_first, entry.edge_count);
    }
  }
}

}  // namespace pelton::http
