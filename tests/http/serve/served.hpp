// A server on the memory engine and virtual time, with the routes the serve tests need.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/routing/router.hpp"
#include "http/serve/exchange.hpp"
#include "http/serve/server.hpp"
#include "uring/loop.hpp"
#include "uring/memory/memory_engine.hpp"

namespace pelton::http {

// An exchange that a test route has suspended: for the test to answer, and what became of it.
struct Suspended {
  ExchangeHandle handle;
  std::vector<ExchangeEvent> events;
  // Of one that outlives its exchange: what that left, and how often its time limit came.
  bool outlives = false;
  std::unique_ptr<OrphanedHandler> orphan;
  std::size_t limits = 0;
};

// A WebSocket that a test route has accepted, and what its listener heard: "text:hello",
// "closed:1000 bye".
struct SeenSocket {
  WebSocketHandle handle;
  bool echoes = false;
  std::vector<std::string> news;
};

// What the handlers of the test routes saw.
struct Seen {
  std::deque<Suspended> suspended;  // its addresses are the listeners' contexts
  std::deque<SeenSocket> sockets;   // the same
  std::vector<std::string> bodies;
  std::size_t calls = 0;
};

// Routes: GET / and GET /name/{name} -> "hello";  GET POST PUT /echo -> the request's body;
// GET /big/{n:int} -> n octets;  GET /fail -> no answer;  GET /close -> asks for the end;
// POST /small -> echo of at most 8 octets;  POST /json -> echo of JSON only;
// POST /form -> echo of a form that may be large;
// POST /long/{name} -> echo, or suspends if the body is long and streams;
// GET POST /later/{name} -> suspends;  GET POST /stream/{name} -> the same, its body streamed;
// POST /relay/{how} -> see relay.hpp. WebSockets: /socket/echo sends back what comes, /socket/hold
// only notes it, /socket/refuse answers 403, /socket/later suspends; GET /both -> "hello", beside a
// WebSocket that echoes.
RouteTable serve_test_routes(Seen& seen);

class Served {
 public:
  // With `h2`, connections may begin with the preface of HTTP/2.
  explicit Served(const ServerConfig& config = {}, ErrorShape shape = ErrorShape::detail,
                  const std::function<Logs*(Stats&, Clock&)>& make_logs = {},
                  h2::CodecSource* h2 = nullptr);
  ~Served();

  uring::Peer connect();
  // Delivers, runs until nothing more happens, and returns what arrived at the peer.
  std::string send(uring::Peer peer, std::string_view octets);
  std::string send_in_pieces(uring::Peer peer, std::string_view octets,
                             std::span<const std::size_t> piece_bytes);
  // One connection, this input, everything that came back.
  std::string answer(std::string_view octets);

  void run();
  void pass_ms(std::uint64_t milliseconds);
  std::uint64_t count(Reason reason) const { return stats.of(reason); }

  Seen seen;
  Stats stats;
  VirtualClock clock;
  uring::MemoryEngine engine;
  RouteTable routes;
  Server server;
  uring::Loop loop;
  uring::Descriptor listener;
};

// The responses in `octets`, without their Date fields; checks that each is framed as it says.
std::vector<std::string> responses_in(std::string_view octets);
// Answers with a text and ends the exchange, as a handler that was suspended does.
// What became of a WebSocket exchange that the test accepts, as of those of the routes.
SeenSocket& accept_later(Seen& seen, const Suspended& suspended,
                         const WebSocketAccept& accept = {});
void answer_later(const Suspended& suspended, std::string_view body);
std::string body_of(std::string_view response);
int status_of(std::string_view response);

}  // namespace pelton::http
