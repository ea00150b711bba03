#include "http/routing/route_error.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace pelton::http {
namespace {

TEST(RouteError, every_problem_has_its_own_word) {
  std::set<std::string_view> words;
  const auto last = static_cast<int>(RouteProblem::too_many_parameters);
  for (int problem = 0; problem <= last; ++problem) {
    const std::string_view word = word_of(static_cast<RouteProblem>(problem));
    EXPECT_FALSE(word.empty());
    EXPECT_TRUE(words.insert(word).second) << word;
  }
  EXPECT_TRUE(words.contains("conflict"));
  EXPECT_TRUE(words.contains("path_not_last"));
}

}  // namespace
}  // namespace pelton::http
