// Random tables and paths against the naive router: same route, same values, same Allow.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "tests/http/routing/naive_router.hpp"
#include "tests/http/routing/routes.hpp"
#include "tests/support/seeded_random.hpp"
#include "tests/support/seeds.hpp"

namespace pelton::http {
namespace {

using support::SeededRandom;

constexpr std::array<std::string_view, 8> methods = {"GET",     "GET",    "GET",  "POST",
                                                     "OPTIONS", "DELETE", "HEAD", "MKCOL"};
constexpr std::array<std::string_view, 10> literals = {"a",   "b",   "ab", "12", "",
                                                       "1.5", "a%b", ".",  "..", "\xC3\xA9"};
constexpr std::array<std::string_view, 8> converters = {
    "", ":str", ":int", ":float", ":uuid", ":regex([ab]+)", ":regex(a|1.*)", ":regex(.*/.*)"};
constexpr std::array<std::string_view, 5> affixes = {"", "", "a", "1", "ab"};
constexpr std::array<std::string_view, 20> sent = {
    "a",   "b",     "ab",  "12",     "",
    "1.5", "a%25b", ".",   "%2e%2E", "%C3%A9",
    "%61", "1ab1",  "abb", "a%2Fb",  "-7",
    "a1",  "%FF",   "%C3", "aab",    "01234567-89ab-cdef-0123-456789ABCDEF"};

template <std::size_t size>
std::string_view one_of(const std::array<std::string_view, size>& all, SeededRandom& random) {
  return all[random.below(size)];
}

std::string random_template(SeededRandom& random) {
  std::string text;
  const std::size_t depth = random.from_one_to(4);
  for (std::size_t index = 0; index < depth; ++index) {
    text += '/';
    if (random.chance(0.5)) {
      text += one_of(literals, random);
      continue;
    }
    const std::string name = std::string("p").append(std::to_string(index));
    if (index + 1 == depth && random.chance(0.25)) {
      text.append("{").append(name).append(":path}");
      break;
    }
    text.append(one_of(affixes, random)).append("{").append(name);
    text.append(one_of(converters, random)).append("}").append(one_of(affixes, random));
  }
  return text;
}

std::string random_path(SeededRandom& random) {
  std::string path;
  const std::size_t depth = random.from_one_to(5);
  for (std::size_t index = 0; index < depth; ++index) path.append("/").append(one_of(sent, random));
  return path;
}

TEST(RouteTableRandom, agrees_with_the_naive_router) {
  std::size_t found = 0;
  for (const std::uint64_t seed : support::seeds(500)) {
    SCOPED_TRACE(std::string("PELTON_SEED=").append(std::to_string(seed)));
    SeededRandom random(seed);
    NaiveRouter naive;
    Router router;
    std::vector<std::string> lines;
    const std::size_t route_count = random.from_one_to(40);
    for (std::size_t count = 0; count < route_count; ++count) {
      const std::string method(one_of(methods, random));
      const std::string text = random_template(random);
      std::string line = method;
      line.append(" ").append(text);
      const auto other = naive.add(method, text);
      const auto added = add_line(router, line);
      ASSERT_EQ(added.has_value(), !other.has_value()) << line;
      if (added) {
        lines.push_back(line);
      } else {
        ASSERT_EQ(added.error().problem, RouteProblem::conflict);
        ASSERT_EQ(added.error().other, *other);
      }
    }
    Routes routes(lines);
    for (int count = 0; count < 150; ++count) {
      std::string request(random.chance(0.05) ? "TRACE" : one_of(methods, random));
      request.append(" ").append(random_path(random));
      const std::string expected = naive(request);
      ASSERT_EQ(routes(request), expected) << request;
      if (expected[0] == '/') ++found;
    }
  }
  // The paths are not so random that they lead nowhere.
  EXPECT_GT(found, 4000u);
}

}  // namespace
}  // namespace pelton::http
