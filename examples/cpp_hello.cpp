// The C++ server without Python: `cpp_hello [port] [auto|uring|epoll]` serves
//   GET /               {"hello":"world"}
//   GET /items/{id:int} {"id":<id>}
//   POST /length        {"length":<octets of the body>}
// until TERM or INT, then drains.
#include <signal.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include "http/routing/router.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/server.hpp"
#include "uring/choice.hpp"
#include "uring/loop.hpp"
#include "uring/sockets/listener.hpp"
#include "uring/sockets/socket_options.hpp"

namespace {

using namespace pelton;
using http::Exchange;
using http::HeadFault;
using http::Outcome;

const http::ContentType json("application/json");

Outcome answer_json(Exchange& exchange, std::string_view before, std::int64_t number) {
  if (exchange.begin({.content_type = &json}) != HeadFault::none) {
    return Outcome::failed;
  }
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
  Output& output = exchange.body_output();
  output.append(before);
  output.append({digits.begin(), end});
  output.push('}');
  return exchange.finish() == HeadFault::none ? Outcome::responded : Outcome::failed;
}

Outcome hello(void*, Exchange& exchange) {
  const HeadFault fault = exchange.respond({.content_type = &json}, R"({"hello":"world"})");
  return fault == HeadFault::none ? Outcome::responded : Outcome::failed;
}

Outcome item(void*, Exchange& exchange) {
  return answer_json(exchange, R"({"id":)", exchange.path_values()[0].integer);
}

Outcome length(void*, Exchange& exchange) {
  return answer_json(exchange, R"({"length":)", static_cast<std::int64_t>(exchange.body().size()));
}

void add(http::Router& router, std::string_view method, std::string_view pattern,
         http::Handler::Call call) {
  const auto route = router.add(std::span(&method, 1), pattern);
  CHECK(route.has_value());
  router.settings(*route).handler = {call, nullptr};
}

// The first TERM or INT drains, the second ends at once. A handler and no thread: a process of one
// thread spares the kernel the counting of references to descriptors, two on every call.
http::Server* serving = nullptr;

void stop_serving(int number) {
  if (serving == nullptr) ::_exit(128 + number);
  std::exchange(serving, nullptr)->stop();
}

int fail(const std::string& what) {
  std::cerr << "cpp_hello: cannot start: " << what << "\n";
  return 3;
}

}  // namespace

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 8000);
  const auto request = uring::engine_request(argc > 2 ? argv[2] : "auto");
  if (!request) return fail("the engine is auto, uring or epoll");

  auto listener = uring::Listener::tcp("127.0.0.1", port, 4096, uring::PortSharing::none);
  if (!listener) return fail(listener.error().what);
  uring::set_stream_options(listener->descriptor(), {});

  Stats stats;
  Clock clock;
  auto choice = uring::choose_engine(*request, {}, stats);
  if (!choice) return fail(choice.error().cause + "; " + choice.error().remedy);

  http::Router router;
  add(router, "GET", "/", hello);
  add(router, "GET", "/items/{id:int}", item);
  add(router, "POST", "/length", length);
  const http::RouteTable routes = router.freeze({});

  clock.refresh();
  http::Server server(
      {.engine = *choice->engine, .clock = clock, .routes = routes, .config = {}, .stats = stats});
  server.listen(listener->descriptor());
  serving = &server;
  struct sigaction action{};
  action.sa_handler = stop_serving;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);

  const bool ring = choice->engine->kind() == uring::EngineKind::ring;
  std::cerr << "cpp_hello listening on http://127.0.0.1:" << listener->port() << " (engine "
            << (ring ? "uring" : "epoll") << ", " << choice->reason << ")\n";
  uring::Loop loop(*choice->engine, clock, server);
  while (!server.finished()) loop.turn({});
  return 0;
}
