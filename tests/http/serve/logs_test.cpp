// What a server logs of its exchanges and of what it refuses.
#include "http/serve/logs.hpp"

#include <algorithm>

#include "logged.hpp"
#include "served.hpp"
#include "tests/http/websocket/client.hpp"

namespace pelton::http {
namespace {

constexpr std::string_view format =
    "{method} {path} {route} {status} {bytes} {reason} {duration_ms}";

class LoggedServer {
 public:
  explicit LoggedServer(const ServerConfig& config = {})
      : served(config, ErrorShape::detail, [this](Stats& stats, Clock& clock) {
          logged = std::make_unique<Logged>(stats, clock);
          auto parsed = LogFormat::parse(format);
          EXPECT_TRUE(parsed.has_value());
          logged->logs().enable_access(std::move(*parsed));
          return &logged->logs();
        }) {}

  std::unique_ptr<Logged> logged;
  Served served;
};

TEST(Logs, PRC_051_every_exchange_has_its_line) {
  LoggedServer server;
  server.served.answer(
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /name/x HTTP/1.1\r\nHost: a\r\n\r\n"
      "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
      "OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /big/12345 HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"
      "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
      "POST /json HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1"
      "GET /fail HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string lines = server.logged->access();
  std::string expected =
      "GET / / 200 5 - 0.000\n"
      "GET /name/x /name/{name} 200 5 - 0.000\n"
      "HEAD / / 200 0 - 0.000\n"
      "OPTIONS / - 204 0 - 0.000\n"
      "GET /big/12345 /big/{n:int} 200 12345 - 0.000\n";
  EXPECT_EQ(lines.substr(0, expected.size()), expected);
  for (const char* part :
       {"GET /nowhere - 404 ", " not_found 0.000\n", "PUT / - 405 ", " method_not_allowed 0.000\n",
        "POST /json - 415 ", " content_type 0.000\n", "GET /fail /fail 500 ", " handler 0.000\n"}) {
    EXPECT_NE(lines.find(part), std::string::npos) << part << " in " << lines;
  }
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 9);
}

TEST(Logs, PRC_051_a_websocket_has_one_line_when_it_begins) {
  LoggedServer server;
  Served& served = server.served;
  const uring::Peer peer = served.connect();
  served.send(peer, websocket::handshake("/socket/echo") + websocket::text("a"));
  served.send(peer, websocket::close(1000));
  served.answer(websocket::handshake("/socket/echo", "Origin: http://b\r\n"));
  EXPECT_EQ(server.logged->access(),
            "GET /socket/echo /socket/{how} 101 0 - 0.000\n"
            "GET /socket/echo - 403 50 websocket_origin 0.000\n");
}

TEST(Logs, PRC_051_a_stream_has_one_line_with_what_left_of_it_and_a_lost_one_too) {
  LoggedServer server;
  Served& served = server.served;
  const uring::Peer peer = served.connect();
  const auto begin = [&](std::size_t index) -> Exchange& {
    served.send(peer, "GET /stream/a HTTP/1.1\r\nHost: a\r\n\r\n");
    return *served.seen.suspended.at(index).handle.get();
  };
  Exchange& whole = begin(0);
  EXPECT_EQ(whole.begin_stream({.status = 201}), HeadFault::none);
  whole.write("12345");
  whole.end(Outcome::responded);
  begin(1);
  served.engine.reset(peer);
  served.run();
  EXPECT_EQ(served.seen.suspended[1].handle.get(), nullptr);
  const uring::Peer other = served.connect();
  served.send(other, "GET /stream/a HTTP/1.1\r\nHost: a\r\n\r\n");
  Exchange& failing = *served.seen.suspended.at(2).handle.get();
  EXPECT_EQ(failing.begin_stream({}), HeadFault::none);
  failing.write("123");
  failing.end(Outcome::failed);
  served.run();
  EXPECT_EQ(server.logged->access(),
            "GET /stream/a /stream/{name} 201 5 - 0.000\n"
            "GET /stream/a /stream/{name} - 0 reset 0.000\n"
            "GET /stream/a /stream/{name} 200 3 handler_streaming 0.000\n");
}

TEST(Logs, PRC_051_a_refusal_has_its_line_with_the_reason_and_the_error_log_tells) {
  LoggedServer server;
  server.served.answer("GET / HTTP/1.1\nHost: a\r\n\r\n");
  server.served.answer("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
  server.served.answer("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx");
  const std::string lines = server.logged->access();
  EXPECT_NE(lines.find(" 400 "), std::string::npos) << lines;
  EXPECT_NE(lines.find(" line_bare_lf "), std::string::npos) << lines;
  EXPECT_NE(lines.find(" 413 "), std::string::npos) << lines;
  EXPECT_NE(lines.find(" body_too_large "), std::string::npos) << lines;
  EXPECT_NE(lines.find("POST /echo - 400 "), std::string::npos) << lines;
  EXPECT_NE(lines.find(" chunk_size "), std::string::npos) << lines;
  const std::string errors = server.logged->errors();
  for (const char* key : {"refused.line_bare_lf", "refused.body_too_large", "refused.chunk_size"}) {
    EXPECT_NE(errors.find(std::string("info pelton: ") + key), std::string::npos) << errors;
  }
}

TEST(Logs, the_duration_begins_with_the_first_octet) {
  LoggedServer server;
  server.served.pass_ms(1);
  const uring::Peer peer = server.served.connect();
  server.served.send(peer, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-");
  server.served.pass_ms(200);
  server.served.send(peer, "Length: 2\r\n\r\n");
  server.served.pass_ms(50);
  EXPECT_EQ(status_of(server.served.send(peer, "ab")), 200);
  // The next one has no part in it.
  EXPECT_EQ(status_of(server.served.send(peer, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
  EXPECT_EQ(server.logged->access(),
            "POST /echo /echo 200 2 - 250.000\n"
            "GET / / 200 5 - 0.000\n");
}

}  // namespace
}  // namespace pelton::http
