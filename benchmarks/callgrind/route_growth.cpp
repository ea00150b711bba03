// What route_growth.py counts: a server on the memory engine with as many routes as it is told, and
// requests spread over all of them.
//
//   route_growth ROUTES static|integer|text|nowhere REQUESTS
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "core/check.hpp"
#include "http/routing/router.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/server.hpp"
#include "uring/loop.hpp"
#include "uring/memory/memory_engine.hpp"

namespace {

using namespace pelton;
using namespace pelton::http;

// Numbers of equal length, so that the texts compared are as long in every table.
constexpr std::size_t number_first = 10'000;
// Of requests, so that few routes are asked for as often as many.
constexpr std::size_t spread_step = 7919;

const ContentType plain("text/plain");

Outcome hello(void*, Exchange& exchange) {
  CHECK(exchange.respond({.content_type = &plain}, "hello") == HeadFault::none);
  return Outcome::responded;
}

std::string path_of(std::size_t number) {
  return "/api/resource" + std::to_string(number_first + number);
}

// A third of the routes each way, each with neighbours that share its beginning.
RouteTable table_of(std::size_t route_count) {
  constexpr std::string_view get[] = {"GET"};
  Router router;
  for (std::size_t number = 0; number < route_count; ++number) {
    for (const std::string_view behind : {"", "/{id:int}", "/{name}/details"}) {
      router.settings(*router.add(get, path_of(number) + std::string(behind))).handler = {hello,
                                                                                          nullptr};
    }
  }
  return router.freeze({.hash_key = 0x243F'6A88'85A3'08D3u});
}

std::string_view behind_of(std::string_view kind) {
  if (kind == "static") return "";
  if (kind == "integer") return "/12345";
  if (kind == "text") return "/somebody/details";
  CHECK(kind == "nowhere");
  return "/12345/nothing";
}

// Named on valgrind's command line: only what happens in here is counted.
[[gnu::noinline]] void serve_requests(uring::MemoryEngine& engine, uring::Loop& loop,
                                      uring::Peer peer, const std::vector<std::string>& requests) {
  for (const std::string& request : requests) {
    engine.deliver(peer, request);
    while (loop.turn({}) != 0) {
    }
    loop.turn({});
  }
}

void run(std::size_t route_count, std::string_view kind, std::size_t request_count) {
  uring::MemoryEngine engine;
  VirtualClock clock;
  Stats stats;
  const ServerConfig config;
  const RouteTable routes = table_of(route_count);
  Server server(
      {.engine = engine, .clock = clock, .routes = routes, .config = config, .stats = stats});
  uring::Loop loop(engine, clock, server);
  const uring::Descriptor listener = engine.listen();
  server.listen(listener);
  const uring::Peer peer = engine.connect(listener);
  loop.turn({});
  std::vector<std::string> requests;
  for (std::size_t index = 0; index < request_count; ++index) {
    requests.push_back("GET " + path_of(index * spread_step % route_count) +
                       std::string(behind_of(kind)) + " HTTP/1.1\r\nHost: example.org\r\n\r\n");
  }
  engine.deliver(peer, requests[0]);
  while (loop.turn({}) != 0) {
  }
  loop.turn({});
  CHECK(engine.take_sent(peer).starts_with(kind == "nowhere" ? "HTTP/1.1 404 " : "HTTP/1.1 200 "));
  serve_requests(engine, loop, peer, requests);
  engine.hang_up(peer);
  server.stop();
  while (!server.finished()) {
    clock.advance_ns(1'000'000'000);
    loop.turn({});
  }
}

}  // namespace

int main(int argument_count, char** arguments) {
  CHECK(argument_count == 4);
  const auto number = [&](int index) {
    const std::string_view text = arguments[index];
    std::size_t value = 0;
    CHECK(std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc{});
    return value;
  };
  run(number(1), arguments[2], number(3));
  return 0;
}
