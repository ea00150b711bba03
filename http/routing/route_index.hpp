// All templates as flat arrays: literal paths by hash, and every template in a trie of segments
// whose literal children are found by hash. Built once, never changed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/routing/keyed_hash.hpp"
#include "http/routing/match.hpp"
#include "http/routing/method_set.hpp"
#include "http/routing/pattern.hpp"
#include "http/routing/segment_scan.hpp"
#include "http/routing/segment_test.hpp"

namespace pelton::http {

struct RouteTemplate {
  const Pattern& pattern;
  MethodBits methods = 0;
  std::span<const SegmentTest> tests;  // of the regex parameters, in order
};

struct RouteIndex {
  static constexpr std::uint32_t none = UINT32_MAX;

  struct Terminal {
    std::uint32_t method = 0;
    std::uint32_t route = 0;
  };

  // One cache line, so that a shift turns an index into an offset.
  struct alignas(64) Node {
    MethodBits methods = 0;            // of the routes that end here or below
    MethodBits methods_here = 0;       // of the routes that end here
    std::uint64_t literal_filter = 0;  // a bit for the hash of each literal child
    std::uint32_t shape_first = 0;
    std::uint32_t shape_count = 0;
    std::uint32_t bare_count = 0;  // parameters without literals around them, in the last shape
    std::uint32_t bare_first = 0;
    std::uint32_t rest = none;         // the node after a path parameter
    std::uint32_t value_count = 0;     // parameters on the path to this node
    std::uint32_t terminal_first = 0;  // one per method, in the order of methods
  };

  // The lengths of the literals around a parameter, longest first; parameters without literals come
  // last. Parameters of one shape at one node are found by hash, so their number does not matter.
  struct Shape {
    std::uint32_t prefix_bytes = 0;
    std::uint32_t suffix_bytes = 0;
    // Edges of parameters without literals; the others are found through `affixes`.
    std::uint32_t edge_first = 0;
    std::uint32_t edge_count = 0;
  };

  // A parameter of a segment; edges lie in the order in which they are tried.
  struct Edge {
    SegmentTest test;
    std::uint32_t child = 0;
    Converter converter = Converter::text;
  };

  // Open addressing at a load of a third or less, since many look-ups find nothing. A slot without
  // a value is free.
  struct StaticSlot {
    std::uint32_t text_offset = 0;
    std::uint32_t text_bytes = 0;
    std::uint32_t method = 0;
    std::uint32_t route = none;
  };
  struct LiteralSlot {
    std::uint64_t first_word = 0;  // the whole text if shorter than eight octets
    std::uint32_t text_offset = 0;
    std::uint32_t text_bytes = 0;
    std::uint32_t node = 0;
    std::uint32_t child = none;
  };
  // A node reached by literals only, whose parameters have no literals around them, by the text of
  // the way to it: mostly a path's only parameter is its last segment.
  struct PrefixSlot {
    std::uint32_t text_offset = 0;
    std::uint32_t text_bytes = 0;
    std::uint32_t node = none;
  };
  struct AffixSlot {
    std::uint32_t text_offset = 0;  // the prefix, then the suffix
    std::uint32_t prefix_bytes = 0;
    std::uint32_t suffix_bytes = 0;
    std::uint32_t node = none;
    std::uint32_t edge_first = 0;
    std::uint32_t edge_count = 0;
  };

  static RouteIndex build(std::span<const RouteTemplate> routes, std::uint64_t key);

  // The route whose template is exactly this text; `path` as sent. Templates with escapes or dot
  // segments are not in here, so the route needs no decoding and is the best match.
  std::uint32_t find_static(std::uint32_t method, std::string_view path) const {
    if (path.size() > static_bytes_max) return none;
    const StaticSlot* const slots = statics.data();
    for (std::uint64_t slot = static_hash(method, path);; ++slot) {
      const StaticSlot& entry = slots[slot & static_mask];
      if (entry.route == none) return none;
      if (entry.text_bytes == path.size() && entry.method == method &&
          same_text(texts.data() + entry.text_offset, path.data(), path.size())) {
        return entry.route;
      }
    }
  }

  // As for static paths, nothing in here needs decoding.
  std::uint32_t find_prefix(std::string_view prefix) const {
    if (prefix.size() > prefix_bytes_max) return none;
    const PrefixSlot* const slots = prefixes.data();
    for (std::uint64_t slot = keyed_hash(key, prefix);; ++slot) {
      const PrefixSlot& entry = slots[slot & prefix_mask];
      if (entry.node == none) return none;
      if (entry.text_bytes == prefix.size() &&
          same_text(texts.data() + entry.text_offset, prefix.data(), prefix.size())) {
        return entry.node;
      }
    }
  }

  // The child for a literal segment, by the hash that the scan for its end has made.
  std::uint32_t find_literal(std::uint32_t node, const SegmentScan& scan) const {
    // Most parameter values fail here and cost no look at the slots.
    if (!(nodes.data()[node].literal_filter & filter_bit(scan.hash))) return none;
    const LiteralSlot* const slots = literals.data();
    for (std::uint64_t slot = scan.hash;; ++slot) {
      const LiteralSlot& entry = slots[slot & literal_mask];
      if (entry.child == none) return none;
      if (entry.first_word == scan.first_word && entry.node == node &&
          entry.text_bytes == scan.text.size() &&
          (scan.text.size() <= 8 ||
           same_text(texts.data() + entry.text_offset, scan.text.data(), scan.text.size()))) {
        return entry.child;
      }
    }
  }

  // The node must have the method.
  std::uint32_t route_at(const Node& node, std::uint32_t method) const {
    const Terminal* terminal = terminals.data() + node.terminal_first;
    while (terminal->method != method) ++terminal;
    return terminal->route;
  }

  std::span<const Edge> find_edges(std::uint32_t node, const Shape& shape,
                                   std::string_view segment) const;

  static std::uint64_t filter_bit(std::uint64_t hash) { return std::uint64_t{1} << (hash >> 58); }
  std::uint64_t static_hash(std::uint32_t method, std::string_view path) const {
    return keyed_hash(static_key + method, path);
  }
  std::uint64_t node_key(std::uint32_t node) const { return key ^ (node * 0x9E37'79B9'7F4A'7C15u); }
  std::uint64_t affix_hash(std::uint32_t node, std::string_view prefix,
                           std::string_view suffix) const {
    return keyed_hash(keyed_hash(node_key(node), prefix), suffix);
  }

  std::uint64_t key = 0;
  std::uint64_t static_key = 0;  // of the static paths alone, made of `key`
  std::string texts;             // of all slots
  std::vector<Node> nodes;
  std::vector<Terminal> terminals;
  std::vector<Shape> shapes;
  std::vector<Edge> edges;
  std::vector<StaticSlot> statics;
  std::vector<LiteralSlot> literals;
  std::vector<PrefixSlot> prefixes;
  std::vector<AffixSlot> affixes;
  std::uint64_t static_mask = 0;
  std::uint64_t literal_mask = 0;
  std::uint64_t prefix_mask = 0;
  std::uint64_t affix_mask = 0;
  std::size_t static_bytes_max = 0;
  std::size_t prefix_bytes_max = 0;
  std::uint32_t depth_max = 0;  // segments of the longest template
};

}  // namespace pelton::http
