#include "http/routing/route_walk.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "http/routing/router.hpp"
#include "tests/http/routing/routes.hpp"

namespace pelton::http {
namespace {

// Counts how often a regular expression is asked, and says yes to everything.
struct CountedTests {
  SegmentTestMaker maker() {
    return {[](void* context, std::string_view) -> std::optional<SegmentTest> {
              ++static_cast<CountedTests*>(context)->made;
              return SegmentTest{[](void* self, std::string_view) {
                                   ++static_cast<CountedTests*>(self)->asked;
                                   return true;
                                 },
                                 context};
            },
            this};
  }

  std::size_t made = 0;
  std::size_t asked = 0;
};

constexpr std::string_view get[] = {"GET"};
constexpr std::string_view post[] = {"POST"};

TEST(RouteWalk, GEN_003_backtracking_asks_every_decision_at_most_once) {
  // Every way to write ten segments as "a" or a regex, and none of them ends as the request does.
  constexpr unsigned depth = 10;
  CountedTests tests;
  Router router;
  for (unsigned choice = 0; choice < 1u << depth; ++choice) {
    std::string text;
    for (unsigned level = 0; level < depth; ++level) {
      if (choice >> level & 1) {
        text += "/a";
      } else {
        text.append("/{p").append(std::to_string(level)).append(":regex(.)}");
      }
    }
    ASSERT_TRUE(router.add(get, text + "/end", tests.maker()));
  }
  const RouteTable table = router.freeze({});
  std::string path;
  for (unsigned level = 0; level < depth; ++level) path += "/a";
  MatchScratch scratch;
  EXPECT_EQ(table.match("GET", path + "/other", "", scratch).outcome, MatchOutcome::not_found);
  // A node for each prefix of decisions, one regex in each, two walks: for the route and for Allow.
  EXPECT_EQ(tests.asked, 2 * ((1u << depth) - 1));
  tests.asked = 0;
  EXPECT_EQ(table.match("GET", path + "/end", "", scratch).values.size(), 0u);
  EXPECT_EQ(tests.asked, 0u);
  // Subtrees without the method are not entered at all.
  EXPECT_EQ(table.match("POST", path + "/other", "", scratch).outcome, MatchOutcome::not_found);
  EXPECT_EQ(tests.asked, (1u << depth) - 1);
}

TEST(RouteWalk, subtrees_without_the_method_are_not_entered) {
  CountedTests tests;
  Router router;
  ASSERT_TRUE(router.add(post, "/{a:regex(x)}/b", tests.maker()));
  ASSERT_TRUE(router.add(get, "/{a}/b", tests.maker()));
  const RouteTable table = router.freeze({});
  MatchScratch scratch;
  EXPECT_EQ(table.match("GET", "/a/b", "", scratch).values.size(), 1u);
  EXPECT_EQ(tests.asked, 0u);
}

TEST(RouteWalk, GEN_003_a_path_of_slashes_is_cheap_to_refuse) {
  CountedTests tests;
  Router router;
  ASSERT_TRUE(router.add(get, "/{a:regex(x)}/{b:regex(x)}/{c:regex(x)}", tests.maker()));
  ASSERT_TRUE(router.add(get, "/{a:regex(y)}/{p:path}", tests.maker()));
  const RouteTable table = router.freeze({});
  MatchScratch scratch;
  const std::string slashes(8000, '/');
  EXPECT_EQ(table.match("GET", slashes, "", scratch).outcome, MatchOutcome::not_found);
  EXPECT_EQ(tests.asked, 0u);
  std::string path;
  for (int count = 0; count < 4000; ++count) path += "/a";
  const Match match = table.match("GET", path, "", scratch);
  ASSERT_EQ(match.values.size(), 2u);
  EXPECT_EQ(match.values[1].text, path.substr(3));
  EXPECT_LE(tests.asked, 4u);
  EXPECT_LT(scratch.frames.size(), 8u);
}

TEST(RouteWalk, regexes_get_the_decoded_value_without_the_literals_around_it) {
  std::vector<std::string> seen;
  const SegmentTestMaker maker{
      [](void* context, std::string_view) -> std::optional<SegmentTest> {
        return SegmentTest{[](void* texts, std::string_view text) {
                             static_cast<std::vector<std::string>*>(texts)->emplace_back(text);
                             return false;
                           },
                           context};
      },
      &seen};
  Router router;
  ASSERT_TRUE(router.add(get, "/a-{x:regex(.*)}.z/{y}", maker));
  const RouteTable table = router.freeze({});
  MatchScratch scratch;
  EXPECT_EQ(table.match("POST", "/a-%2F%C3%A9.z/1", "", scratch).outcome, MatchOutcome::not_found);
  EXPECT_EQ(seen, std::vector<std::string>({"/\xC3\xA9"}));
}

TEST(RouteWalk, values_of_a_branch_that_was_left_do_not_show) {
  Routes routes({"GET /{a:int}/{b:int}/x", "GET /{c}/{d:float}/y", "GET /{e}/{f}/{g}"});
  EXPECT_EQ(routes("GET /1/2/x"), "/{a:int}/{b:int}/x 1=1 2=2");
  EXPECT_EQ(routes("GET /1/2/y"), "/{c}/{d:float}/y 1 2=2.000000");
  EXPECT_EQ(routes("GET /1/2/z"), "/{e}/{f}/{g} 1 2 z");
}

}  // namespace
}  // namespace pelton::http
