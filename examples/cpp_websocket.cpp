// The C++ server without Python: `cpp_websocket [port] [auto|uring|epoll]` sends back every message
// of a WebSocket at /, of at most 16 MiB, until TERM or INT; then it drains.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include "core/check.hpp"
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
using http::MessageKind;
using http::Outcome;
using http::WebSocketEvent;

// Takes each message at once, so there is nothing to remember of a WebSocket.
void echo(void*, http::WebSocket& socket, const http::WebSocketNews& news) {
  if (news.event == WebSocketEvent::text) socket.send(MessageKind::text, news.octets);
  if (news.event == WebSocketEvent::binary) socket.send(MessageKind::binary, news.octets);
}

Outcome accept(void*, Exchange& exchange) {
  const http::ExchangeListener nothing_to_hear{
      .call = [](void*, http::ExchangeEvent, Exchange&) {}};
  exchange.suspend(nothing_to_hear).get()->accept_websocket({}, {.call = echo});
  return Outcome::pending;
}

// The first TERM or INT drains, the second ends at once.
http::Server* serving = nullptr;

void stop_serving(int number) {
  if (serving == nullptr) ::_exit(128 + number);
  std::exchange(serving, nullptr)->stop();
}

int fail(const std::string& what) {
  std::cerr << "cpp_websocket: cannot start: " << what << "\n";
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
  const auto route = router.add_websocket("/");
  CHECK(route.has_value());
  router.settings(*route).handler = {accept, nullptr};
  const http::RouteTable routes = router.freeze({});

  clock.refresh();
  http::Server server({.engine = *choice->engine,
                       .clock = clock,
                       .routes = routes,
                       .config = {.websocket_message_bytes_max = 16 << 20},
                       .stats = stats});
  server.listen(listener->descriptor());
  serving = &server;
  struct sigaction action{};
  action.sa_handler = stop_serving;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);

  const bool ring = choice->engine->kind() == uring::EngineKind::ring;
  std::cerr << "cpp_websocket listening on ws://127.0.0.1:" << listener->port() << " (engine "
            << (ring ? "uring" : "epoll") << ", " << choice->reason << ")\n";
  uring::Loop loop(*choice->engine, clock, server);
  while (!server.finished()) loop.turn({});
  return 0;
}
