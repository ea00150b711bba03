#include "http/routing/mount.hpp"

#include <gtest/gtest.h>

namespace pelton::http {
namespace {

std::size_t taken(std::string prefix, std::string_view path) {
  return Mount(std::move(prefix), nullptr, {}).taken_of(path).value_or(999);
}

TEST(Mount, takes_whole_segments) {
  EXPECT_EQ(taken("/a", "/a"), 2u);
  EXPECT_EQ(taken("/a", "/a/"), 2u);
  EXPECT_EQ(taken("/a", "/a/b"), 2u);
  EXPECT_EQ(taken("/a", "/ab"), 999u);
  EXPECT_EQ(taken("/a", "/"), 999u);
  EXPECT_EQ(taken("/a", "//a"), 999u);
  EXPECT_EQ(taken("/a/b", "/a/b/c"), 4u);
  EXPECT_EQ(taken("/a/b", "/a"), 999u);
  EXPECT_EQ(taken("/a/b", "/a/"), 999u);
  EXPECT_EQ(taken("", "/a"), 0u);
}

TEST(Mount, URL_001_segments_are_decoded_behind_the_split) {
  EXPECT_EQ(taken("/a", "/%61/b"), 4u);
  EXPECT_EQ(taken("/a/b", "/a%2Fb/c"), 999u);
  EXPECT_EQ(taken("/a%62", "/a%62"), 999u);
  EXPECT_EQ(taken("/a%62", "/a%2562/x"), 7u);
  EXPECT_EQ(taken("/caf\u00e9", "/caf%C3%A9/x"), 10u);
}

bool shares(std::string prefix, std::string_view pattern) {
  return Mount(std::move(prefix), nullptr, {}).may_share(Pattern::parse(pattern).value());
}

TEST(Mount, knows_which_templates_may_match_below) {
  EXPECT_TRUE(shares("/a/b", "/a/b"));
  EXPECT_TRUE(shares("/a/b", "/a/b/c"));
  EXPECT_TRUE(shares("/a/b", "/{x}/b/c"));
  EXPECT_TRUE(shares("/a/b", "/a/{x:int}"));
  EXPECT_TRUE(shares("/a/b", "/{x:path}"));
  EXPECT_TRUE(shares("", "/anything"));
  EXPECT_FALSE(shares("/a/b", "/a"));
  EXPECT_FALSE(shares("/a/b", "/{x}"));
  EXPECT_FALSE(shares("/a/b", "/a/c"));
  EXPECT_FALSE(shares("/a/b", "/ab/b"));
}

}  // namespace
}  // namespace pelton::http
