#include "http/routing/route_index.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pelton::http {
namespace {

constexpr MethodBits get = MethodSet::bit_of(Method::get);
constexpr MethodBits post = MethodSet::bit_of(Method::post);

RouteIndex index_of(const std::vector<std::string>& texts, std::uint64_t key,
                    MethodBits methods = get) {
  std::vector<Pattern> patterns;
  for (const std::string& text : texts) patterns.push_back(*Pattern::parse(text));
  std::vector<RouteTemplate> templates;
  for (const Pattern& pattern : patterns) templates.push_back({pattern, methods, {}});
  return RouteIndex::build(templates, key);
}

std::uint32_t literal(const RouteIndex& index, std::uint32_t node, std::string_view segment) {
  return index.find_literal(
      node, whole_segment(segment.data(), segment.data() + segment.size(), index.node_key(node)));
}

TEST(RouteIndex, ten_thousand_literal_paths_are_found_under_any_key) {
  std::vector<std::string> texts;
  for (int number = 0; number < 10'000; ++number)
    texts.push_back(std::string("/r/").append(std::to_string(number)));
  for (const std::uint64_t key : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    const RouteIndex index = index_of(texts, key);
    for (std::uint32_t number = 0; number < 10'000; ++number) {
      ASSERT_EQ(index.find_static(MethodSet::index_of(Method::get), texts[number]), number);
    }
    EXPECT_EQ(index.find_static(MethodSet::index_of(Method::post), "/r/1"), RouteIndex::none);
    EXPECT_EQ(index.find_static(MethodSet::index_of(Method::get), "/r/10000"), RouteIndex::none);
    EXPECT_EQ(index.find_static(MethodSet::index_of(Method::get), "/r/"), RouteIndex::none);
    EXPECT_LE(2 * texts.size(), index.statics.size());
  }
}

TEST(RouteIndex, every_method_of_a_literal_path_has_its_own_entry) {
  const RouteIndex index = index_of({"/a", "/b"}, 1, get | post);
  EXPECT_EQ(index.find_static(MethodSet::index_of(Method::get), "/b"), 1u);
  EXPECT_EQ(index.find_static(MethodSet::index_of(Method::post), "/b"), 1u);
  EXPECT_EQ(index.find_static(MethodSet::index_of(Method::put), "/b"), RouteIndex::none);
}

// Otherwise a route would cost more in some processes than in others, by the chance of their keys.
TEST(RouteIndex, the_paths_of_a_small_application_lie_in_the_slots_of_their_hashes) {
  const std::vector<std::string> texts{"/", "/a", "/users", "/users/me", "/items", "/docs", "/x/y"};
  for (std::uint64_t key = 0; key < 100; ++key) {
    const RouteIndex index = index_of(texts, key, get | post);
    for (std::uint32_t number = 0; number < texts.size(); ++number) {
      for (const Method method : {Method::get, Method::post}) {
        const std::uint64_t hash = index.static_hash(MethodSet::index_of(method), texts[number]);
        EXPECT_EQ(index.statics[hash & index.static_mask].route, number) << key;
      }
    }
  }
}

TEST(RouteIndex, what_has_to_be_decoded_or_refused_is_no_static_path) {
  const RouteIndex index = index_of({"/a%20b", "/a/../b", "/.", "/{x}", "/ok"}, 1);
  const std::uint32_t method = MethodSet::index_of(Method::get);
  for (const std::string_view path : {"/a%20b", "/a/../b", "/.", "/{x}"}) {
    EXPECT_EQ(index.find_static(method, path), RouteIndex::none) << path;
  }
  EXPECT_EQ(index.find_static(method, "/ok"), 4u);
  EXPECT_EQ(index.static_bytes_max, 3u);
}

TEST(RouteIndex, equal_beginnings_share_nodes) {
  const RouteIndex index = index_of({"/a/{x}/b", "/a/{y}/c", "/a/{z:int}", "/a/{p:path}"}, 1);
  // Root, a, {x}, b, c, {z:int}, {p:path}.
  EXPECT_EQ(index.nodes.size(), 7u);
  EXPECT_EQ(index.depth_max, 3u);
  const std::uint32_t a = literal(index, 0, "a");
  ASSERT_NE(a, RouteIndex::none);
  EXPECT_EQ(literal(index, 0, "b"), RouteIndex::none);
  EXPECT_EQ(literal(index, a, "a"), RouteIndex::none);
  EXPECT_EQ(index.nodes[a].methods, get);
  EXPECT_EQ(index.nodes[a].methods_here, 0u);
  EXPECT_EQ(index.nodes[a].value_count, 0u);
  ASSERT_NE(index.nodes[a].rest, RouteIndex::none);
  EXPECT_EQ(index.nodes[index.nodes[a].rest].value_count, 1u);
}

TEST(RouteIndex, the_number_of_literals_around_parameters_does_not_matter) {
  std::vector<std::string> texts;
  for (int number = 1000; number < 2000; ++number) {
    texts.push_back(std::string("/r").append(std::to_string(number)).append("-{x:int}.json"));
  }
  texts.push_back("/{x}");
  texts.push_back("/{x:int}.json");
  const RouteIndex index = index_of(texts, 1);
  ASSERT_EQ(index.nodes[0].shape_count, 3u);
  const RouteIndex::Shape& first = index.shapes[index.nodes[0].shape_first];
  EXPECT_EQ(first.prefix_bytes, 6u);
  EXPECT_EQ(first.suffix_bytes, 5u);
  ASSERT_EQ(index.find_edges(0, first, "r1234-7.json").size(), 1u);
  EXPECT_EQ(index.find_edges(0, first, "r1234-7.json")[0].converter, Converter::integer);
  EXPECT_TRUE(index.find_edges(0, first, "r2234-7.json").empty());
  EXPECT_TRUE(index.find_edges(0, first, "r1234-7.jsox").empty());
}

TEST(RouteIndex, prefixes_are_the_literal_ways_to_bare_parameters) {
  const RouteIndex index =
      index_of({"/a/b/{x}", "/a/{y:int}/{z}", "/{w}", "/c/v{x}", "/d%/{x}"}, 1);
  EXPECT_EQ(index.find_prefix(""), 0u);
  EXPECT_EQ(index.find_prefix("/a"), literal(index, 0, "a"));
  EXPECT_EQ(index.find_prefix("/a/b"), literal(index, literal(index, 0, "a"), "b"));
  for (const std::string_view prefix : {"/", "/b", "/a/b/", "/c", "/d%", "/a/{y:int}"}) {
    EXPECT_EQ(index.find_prefix(prefix), RouteIndex::none) << prefix;
  }
}

TEST(RouteIndex, an_empty_table_finds_nothing) {
  const RouteIndex index = index_of({}, 1);
  EXPECT_EQ(index.find_static(0, "/"), RouteIndex::none);
  EXPECT_EQ(literal(index, 0, ""), RouteIndex::none);
  EXPECT_EQ(index.find_prefix(""), RouteIndex::none);
  EXPECT_EQ(index.nodes.size(), 1u);
  EXPECT_EQ(index.depth_max, 0u);
}

}  // namespace
}  // namespace pelton::http
