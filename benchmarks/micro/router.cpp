// What finding a route costs, by the number of routes: a literal path, one with a parameter, one
// that has to be decoded, and what no route serves; and with requests spread over the whole table,
// where memory and not the search sets the price.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/check.hpp"
#include "http/routing/router.hpp"

namespace {

using namespace pelton::http;

constexpr std::string_view methods[] = {"GET"};
// Numbers of equal length, so that the texts compared are as long in every table.
constexpr std::size_t number_first = 10'000;

std::string literal_path(std::size_t number) {
  return "/api/resource" + std::to_string(number_first + number);
}

RouteTable table_of(std::size_t route_count) {
  Router router;
  for (std::size_t number = 0; number < route_count; ++number) {
    CHECK(router.add(methods, literal_path(number)).has_value());
    CHECK(router.add(methods, literal_path(number) + "/{id:int}").has_value());
  }
  return router.freeze({.hash_key = 0x243F'6A88'85A3'08D3u});
}

RequestHead head_of(std::string_view path) {
  RequestHead head;
  head.base = path.data();
  head.method = Method::get;
  head.path = {0, static_cast<std::uint32_t>(path.size())};
  return head;
}

void match(benchmark::State& state, const std::string& behind, MatchOutcome expected) {
  const auto route_count = static_cast<std::size_t>(state.range(0));
  const RouteTable table = table_of(route_count);
  const std::string path = literal_path(route_count / 2) + behind;
  const RequestHead head = head_of(path);
  MatchScratch scratch;
  for (auto _ : state) {
    const Match found = table.match(head, scratch);
    CHECK(found.outcome == expected);
    benchmark::DoNotOptimize(found.route);
    benchmark::DoNotOptimize(found.values.data());
  }
}

void match_spread(benchmark::State& state, const std::string& behind) {
  const auto route_count = static_cast<std::size_t>(state.range(0));
  const RouteTable table = table_of(route_count);
  std::vector<std::string> paths;
  // A prime step visits every route without an order that a prefetcher could follow.
  for (std::size_t count = 0; count < route_count; ++count) {
    paths.push_back(literal_path(count * 7919 % route_count) + behind);
  }
  MatchScratch scratch;
  std::size_t next = 0;
  for (auto _ : state) {
    const Match found = table.match(head_of(paths[next]), scratch);
    CHECK(found.outcome == MatchOutcome::found);
    benchmark::DoNotOptimize(found.route);
    next = next + 1 == route_count ? 0 : next + 1;
  }
}

BENCHMARK_CAPTURE(match, literal, "", MatchOutcome::found)->Arg(1)->Arg(100)->Arg(10'000);
BENCHMARK_CAPTURE(match, integer, "/1234", MatchOutcome::found)->Arg(1)->Arg(100)->Arg(10'000);
BENCHMARK_CAPTURE(match, decoded, "/%31234", MatchOutcome::found)->Arg(1)->Arg(100)->Arg(10'000);
BENCHMARK_CAPTURE(match, nowhere, "/x", MatchOutcome::not_found)->Arg(1)->Arg(100)->Arg(10'000);
BENCHMARK_CAPTURE(match_spread, literal, "")->Arg(1)->Arg(100)->Arg(10'000);
BENCHMARK_CAPTURE(match_spread, integer, "/1234")->Arg(1)->Arg(100)->Arg(10'000);

}  // namespace

BENCHMARK_MAIN();
