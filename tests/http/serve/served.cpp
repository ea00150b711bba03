#include "served.hpp"

#include <algorithm>
#include <cstdlib>

#include "http/serve/exchange.hpp"
#include "relay.hpp"

namespace pelton::http {
namespace {

Outcome text(Exchange& exchange, std::string_view body) {
  static const ContentType plain("text/plain");
  return exchange.respond({.content_type = &plain}, body) == HeadFault::none ? Outcome::responded
                                                                             : Outcome::failed;
}

Outcome hello(void* context, Exchange& exchange) {
  ++static_cast<Seen*>(context)->calls;
  return text(exchange, "hello");
}

Outcome echo(void* context, Exchange& exchange) {
  auto& seen = *static_cast<Seen*>(context);
  ++seen.calls;
  seen.bodies.emplace_back(exchange.body());
  return text(exchange, exchange.body());
}

// Made ahead of the tests, some of which have large allocations refused.
const std::string big_octets(std::size_t{8} << 20, 'x');

Outcome big(void* context, Exchange& exchange) {
  ++static_cast<Seen*>(context)->calls;
  const auto bytes = static_cast<std::size_t>(exchange.path_values()[0].integer);
  EXPECT_LE(bytes, big_octets.size());
  return text(exchange, std::string_view(big_octets).substr(0, bytes));
}

Outcome fail(void*, Exchange& exchange) {
  EXPECT_EQ(exchange.begin({}), HeadFault::none);
  exchange.body_output().append("half a response");
  return Outcome::failed;
}

Outcome close(void*, Exchange& exchange) {
  const FieldView field{"Connection", "close"};
  EXPECT_EQ(exchange.respond({.fields = {&field, 1}}, "bye"), HeadFault::none);
  return Outcome::responded;
}

Outcome later(void* context, Exchange& exchange) {
  auto& seen = *static_cast<Seen*>(context);
  ++seen.calls;
  Suspended& suspended = seen.suspended.emplace_back();
  const auto note = [](void* noted, ExchangeEvent event, Exchange& one) {
    auto& heard = *static_cast<Suspended*>(noted);
    heard.events.push_back(event);
    if (!heard.outlives || heard.handle.get() != nullptr) return;
    heard.orphan =
        one.orphan([](void* orphan) { ++static_cast<Suspended*>(orphan)->limits; }, noted);
  };
  suspended.handle = exchange.suspend({.call = note, .context = &suspended});
  return Outcome::pending;
}

void note_news(void* noted, WebSocket& socket, const WebSocketNews& news) {
  auto& seen = *static_cast<SeenSocket*>(noted);
  const std::string octets(news.octets);
  const auto send_back = [&](MessageKind kind) {
    if (seen.echoes) socket.send(kind, octets);
  };
  switch (news.event) {
    case WebSocketEvent::text:
      seen.news.push_back("text:" + octets);
      return send_back(MessageKind::text);
    case WebSocketEvent::binary:
      seen.news.push_back("binary:" + octets);
      return send_back(MessageKind::binary);
    case WebSocketEvent::pong:
      seen.news.push_back("pong:" + octets);
      return;
    case WebSocketEvent::writable:
      seen.news.push_back("writable");
      return;
    case WebSocketEvent::closed:
      EXPECT_EQ(seen.handle.get(), nullptr);
      seen.news.push_back("closed:" + std::to_string(news.code) +
                          (octets.empty() ? "" : " " + octets) + (news.clean ? "" : " unclean"));
  }
}

Outcome socket(void* context, Exchange& exchange) {
  auto& seen = *static_cast<Seen*>(context);
  const std::string how(exchange.path_values().empty() ? "echo" : exchange.path_values()[0].text);
  if (how == "refuse") {
    ++seen.calls;
    return exchange.respond({.status = 403}, "no") == HeadFault::none ? Outcome::responded
                                                                      : Outcome::failed;
  }
  later(context, exchange);
  if (how == "later") return Outcome::pending;
  accept_later(seen, seen.suspended.back()).echoes = how == "echo";
  return Outcome::pending;
}

void add_socket(Router& router, Seen& seen, std::string_view pattern) {
  const auto route = router.add_websocket(pattern);
  ASSERT_TRUE(route.has_value()) << pattern;
  router.settings(*route).handler = {socket, &seen};
}

void add(Router& router, Seen& seen, std::vector<std::string_view> methods,
         std::string_view pattern, Handler::Call call) {
  const auto route = router.add(methods, pattern);
  ASSERT_TRUE(route.has_value()) << pattern;
  router.settings(*route).handler = {call, &seen};
}

}  // namespace

RouteTable serve_test_routes(Seen& seen) {
  Router router;
  add(router, seen, {"GET"}, "/", hello);
  add(router, seen, {"GET", "POST", "PUT"}, "/echo", echo);
  add(router, seen, {"GET"}, "/big/{n:int}", big);
  add(router, seen, {"GET"}, "/name/{name}", hello);
  add(router, seen, {"GET"}, "/fail", fail);
  add(router, seen, {"GET"}, "/close", close);
  add(router, seen, {"POST"}, "/small", echo);
  router.settings(6).body_bytes_max = 8;
  add(router, seen, {"POST"}, "/json", echo);
  router.settings(7).wants_json = true;
  add(router, seen, {"GET", "POST"}, "/later/{name}", later);
  add(router, seen, {"GET", "POST"}, "/stream/{name}", later);
  router.settings(9).streams_body = true;
  add(router, seen, {"POST"}, "/relay/{how}", relay);
  router.settings(10).streams_body = true;
  add_socket(router, seen, "/socket/{how}");
  add(router, seen, {"GET"}, "/both", hello);
  add_socket(router, seen, "/both");
  add(router, seen, {"POST"}, "/form", echo);
  router.settings(14).wants_form = true;
  router.settings(14).takes_files = true;
  add(router, seen, {"POST"}, "/long/{name}", [](void* context, Exchange& exchange) {
    return exchange.body().empty() ? later(context, exchange) : echo(context, exchange);
  });
  router.settings(15).streams_long_bodies = true;
  return router.freeze({});
}

Served::Served(const ServerConfig& config, ErrorShape shape,
               const std::function<Logs*(Stats&, Clock&)>& make_logs, h2::CodecSource* h2)
    : routes(serve_test_routes(seen)),
      server({.engine = engine,
              .clock = clock,
              .routes = routes,
              .config = config,
              .stats = stats,
              .error_shape = shape,
              .h2 = h2,
              .h2_by_preface = h2 != nullptr,
              .logs = make_logs ? make_logs(stats, clock) : nullptr}),
      loop(engine, clock, server),
      listener(engine.listen()) {
  server.listen(listener);
  run();
}

Served::~Served() {
  server.stop();
  for (int second = 0; second < 100 && !server.finished(); ++second) pass_ms(1000);
  EXPECT_TRUE(server.finished());
  EXPECT_EQ(server.connections_live(), 0u);
  EXPECT_EQ(engine.operations_in_flight(), 0u);
  EXPECT_EQ(engine.buffers().leases_out(), 0u);
}

uring::Peer Served::connect() {
  const uring::Peer peer = engine.connect(listener);
  run();
  return peer;
}

void Served::run() {
  for (int idle = 0; idle < 2;) idle = loop.turn({}) == 0 ? idle + 1 : 0;
}

void Served::pass_ms(std::uint64_t milliseconds) {
  clock.advance_ns(milliseconds * 1'000'000);
  run();
}

std::string Served::send(uring::Peer peer, std::string_view octets) {
  engine.deliver(peer, octets);
  run();
  return engine.take_sent(peer);
}

std::string Served::send_in_pieces(uring::Peer peer, std::string_view octets,
                                   std::span<const std::size_t> piece_bytes) {
  engine.deliver(peer, octets, piece_bytes);
  run();
  return engine.take_sent(peer);
}

std::string Served::answer(std::string_view octets) {
  const uring::Peer peer = connect();
  std::string received = send(peer, octets);
  engine.finish(peer);
  run();
  received += engine.take_sent(peer);
  engine.hang_up(peer);
  run();
  return received;
}

std::vector<std::string> responses_in(std::string_view octets) {
  std::vector<std::string> responses;
  while (!octets.empty()) {
    const std::size_t head_bytes = octets.find("\r\n\r\n") + 4;
    std::string response(octets.substr(0, head_bytes));
    std::size_t body_bytes = 0;
    if (const auto at = response.find("Content-Length: "); at != std::string::npos) {
      body_bytes = std::strtoull(response.c_str() + at + 16, nullptr, 10);
    }
    if (const auto at = response.find("Date: "); at != std::string::npos) response.erase(at, 37);
    EXPECT_LE(head_bytes + body_bytes, octets.size());
    response += octets.substr(head_bytes, body_bytes);
    octets.remove_prefix(std::min(head_bytes + body_bytes, octets.size()));
    responses.push_back(std::move(response));
  }
  return responses;
}

SeenSocket& accept_later(Seen& seen, const Suspended& suspended, const WebSocketAccept& accept) {
  SeenSocket& noted = seen.sockets.emplace_back();
  Exchange* const exchange = suspended.handle.get();
  EXPECT_NE(exchange, nullptr);
  const WebSocketAccepted accepted =
      exchange->accept_websocket(accept, {.call = note_news, .context = &noted});
  EXPECT_EQ(accepted.fault, AcceptFault::none);
  noted.handle = accepted.socket;
  return noted;
}

void answer_later(const Suspended& suspended, std::string_view body) {
  Exchange* const exchange = suspended.handle.get();
  ASSERT_NE(exchange, nullptr);
  exchange->end(text(*exchange, body));
}

std::string body_of(std::string_view response) {
  return std::string(response.substr(response.find("\r\n\r\n") + 4));
}

int status_of(std::string_view response) {
  return std::atoi(response.data() + 9);
}

}  // namespace pelton::http
