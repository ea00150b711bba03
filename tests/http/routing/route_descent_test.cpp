#include "http/routing/route_descent.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/http/routing/routes.hpp"

namespace pelton::http {
namespace {

constexpr std::uint32_t get = MethodSet::index_of(Method::get);
constexpr std::uint32_t post = MethodSet::index_of(Method::post);

class Descent {
 public:
  explicit Descent(const std::vector<std::string>& get_texts,
                   const std::vector<std::string>& post_texts = {}) {
    for (const std::string& text : get_texts) patterns_.push_back(*Pattern::parse(text));
    for (const std::string& text : post_texts) patterns_.push_back(*Pattern::parse(text));
    std::vector<RouteTemplate> templates;
    for (std::size_t index = 0; index < patterns_.size(); ++index) {
      const Method method = index < get_texts.size() ? Method::get : Method::post;
      templates.push_back({patterns_[index], MethodSet::bit_of(method), {&never_, 1}});
    }
    index_ = RouteIndex::build(templates, 1);
  }

  std::string operator()(std::string_view path, std::uint32_t method = get) {
    return line_of(descend_to_route(index_, path, method, values_.data()));
  }

  std::string behind_literals(std::string_view path, std::uint32_t method = get) {
    return line_of(find_behind_literals(index_, path, method, values_.data()));
  }

 private:
  std::string line_of(const Walked& walked) const {
    if (walked.route == RouteIndex::none) return "gives up";
    std::string line = patterns_[walked.route].text;
    for (std::uint32_t count = 0; count < walked.value_count; ++count) {
      line.append(" ").append(text_of(values_[count]));
    }
    return line;
  }

  SegmentTest never_{[](void*, std::string_view) {
                       ADD_FAILURE() << "a regular expression was asked";
                       return true;
                     },
                     nullptr};
  std::vector<Pattern> patterns_;
  RouteIndex index_;
  std::array<PathValue, path_values_max> values_{};
};

TEST(RouteDescent, takes_the_first_choice_at_every_segment) {
  Descent descent({"/", "/a/{x:int}", "/a/{x}", "/a/v{x:int}.y", "/a/{x}/b", "/f/{p:path}"});
  EXPECT_EQ(descent("/"), "/");
  EXPECT_EQ(descent("/a/7"), "/a/{x:int} 7=7");
  EXPECT_EQ(descent("/a/z"), "/a/{x} z");
  EXPECT_EQ(descent("/a/v12.y"), "/a/v{x:int}.y 12=12");
  EXPECT_EQ(descent("/a/v.y"), "/a/{x} v.y");
  EXPECT_EQ(descent("/a/z/b"), "/a/{x}/b z");
  EXPECT_EQ(descent("/f/"), "/f/{p:path} ");
  EXPECT_EQ(descent("/f/x//y/"), "/f/{p:path} x//y/");
}

TEST(RouteDescent, does_not_turn_back) {
  Descent descent({"/a/{x:int}/b", "/a/{x}/c", "/{p:path}"});
  EXPECT_EQ(descent("/a/7/b"), "/a/{x:int}/b 7=7");
  EXPECT_EQ(descent("/a/7/c"), "gives up");
  EXPECT_EQ(descent("/a/z/c"), "/a/{x}/c z");
  EXPECT_EQ(descent("/a"), "gives up");
  EXPECT_EQ(descent("/b/c"), "/{p:path} b/c");
}

TEST(RouteDescent, only_enters_what_has_the_method) {
  Descent descent({"/a/{x}"}, {"/a/b", "/{y}/{z}"});
  EXPECT_EQ(descent("/a/b"), "/a/{x} b");
  EXPECT_EQ(descent("/a/b", post), "/a/b");
  EXPECT_EQ(descent("/b/b", post), "/{y}/{z} b b");
  EXPECT_EQ(descent("/b/b"), "gives up");
}

TEST(RouteDescent, URL_001_URL_003_leaves_what_is_not_plain_to_the_whole_walk) {
  Descent descent({"/a/{x}", "/a%20b", "/f/{p:path}", "/./{x}"});
  for (const std::string_view path : {"", "a", "/a/%37", "/%61/7", "/a%20b", "/f/%2e", "/f/a/%41",
                                      "/a/.", "/a/..", "/f/a/../b", "/f/.", "/./x", "/a/"}) {
    EXPECT_EQ(descent(path), "gives up") << path;
  }
}

TEST(RouteDescent, asks_no_regular_expression) {
  Descent descent({"/{x:int}", "/{x:regex(a+)}", "/{x}", "/v{x:regex(a+)}", "/v{x}"});
  EXPECT_EQ(descent("/7"), "/{x:int} 7=7");
  EXPECT_EQ(descent("/a"), "gives up");
  EXPECT_EQ(descent("/va"), "gives up");
}

TEST(RouteDescent, one_parameter_behind_literals_is_found_at_once) {
  Descent descent({"/users/{x:int}", "/users/{x}", "/users/{x}/posts", "/{x:float}",
                   "/a/b/{x:uuid}", "/f/{p:path}", "/c/{x:int}/{y}"},
                  {"/users/{x:float}"});
  EXPECT_EQ(descent.behind_literals("/users/7"), "/users/{x:int} 7=7");
  EXPECT_EQ(descent.behind_literals("/users/z"), "/users/{x} z");
  EXPECT_EQ(descent.behind_literals("/users/7", post), "/users/{x:float} 7=7.000000");
  EXPECT_EQ(descent.behind_literals("/1.5"), "/{x:float} 1.5=1.500000");
  EXPECT_EQ(descent.behind_literals("/a/b/01234567-89ab-cdef-0123-456789ABCDEF"),
            "/a/b/{x:uuid} 01234567-89ab-cdef-0123-456789ABCDEF");
  for (const std::string_view path :
       {"", "/", "users", "/users/", "/users", "/users/z/posts", "/users/%37", "/users/.",
        "/users/..", "/%75sers/7", "/c/7", "/f/x", "/a/b/c", "/a/b", "/c/7/8"}) {
    EXPECT_EQ(descent.behind_literals(path), "gives up") << path;
  }
}

TEST(RouteDescent, better_shapes_of_routes_keep_a_parameter_off_the_short_road) {
  Descent affixes({"/a/{x}", "/a/v{x}", "/b/{x:int}", "/b/{x:regex(.)}", "/b/{x}"});
  EXPECT_EQ(affixes.behind_literals("/a/z"), "gives up");
  EXPECT_EQ(affixes.behind_literals("/b/7"), "/b/{x:int} 7=7");
  EXPECT_EQ(affixes.behind_literals("/b/z"), "gives up");
}

TEST(RouteDescent, literals_that_would_have_to_be_decoded_lead_nowhere) {
  Descent descent({"/a%20b/{x}", "/../{x}", "/a/./{x}"});
  for (const std::string_view path : {"/a%20b/c", "/../c", "/a/./c"}) {
    EXPECT_EQ(descent.behind_literals(path), "gives up") << path;
  }
}

}  // namespace
}  // namespace pelton::http
