#include "http/routing/route_descent.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/http/routing/routes.hpp"

namespace noria::http {
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
    const Walked walked = descend_to_route(index_, path, method, values_.data());
    if (walked.route == RouteIndex::none) return "gives up";
    std::string line = patterns_[walked.route].text;
    for (std::uint32_t count = 0; count < walked.value_count; ++count) {
      line.append(" ").append(text_of(values_[count]));
    }
    return line;
  }

 private:
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

}  // namespace
}  // namespace noria::http
