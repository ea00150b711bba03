#include "http/serve/sessions/keep_alive.hpp"

#include <string>
#include <string_view>

#include "tests/http/serve/served.hpp"

namespace pelton::http {
namespace {

const std::string hello_request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(KeepAlive, CON_030_who_said_that_nothing_follows_is_not_waited_for) {
  Served served;
  const uring::Peer get = served.connect();
  EXPECT_EQ(status_of(served.send(get, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")),
            200);
  EXPECT_TRUE(served.engine.closed(get));
  const uring::Peer old = served.connect();
  EXPECT_EQ(status_of(served.send(old, "GET / HTTP/1.0\r\n\r\n")), 200);
  EXPECT_TRUE(served.engine.closed(old));
  EXPECT_EQ(served.count(Reason::closed_linger_timeout), 0u);
}

TEST(KeepAlive, CON_030_who_said_so_and_sends_all_the_same_is) {
  Served served;
  const uring::Peer peer = served.connect();
  const std::string_view request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nmore";
  EXPECT_EQ(status_of(served.send(peer, request)), 200);
  EXPECT_TRUE(served.engine.server_shutdown(peer));
  EXPECT_FALSE(served.engine.closed(peer));
  // The same where a body was left unread.
  const uring::Peer body = served.connect();
  EXPECT_EQ(status_of(served.send(body,
                                  "POST /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                                  "Content-Length: 10\r\n\r\n01234")),
            404);
  EXPECT_TRUE(served.engine.server_shutdown(body));
  EXPECT_FALSE(served.engine.closed(body));
}

TEST(KeepAlive, LIM_019_a_connection_ends_with_its_last_request) {
  ServerConfig config;
  config.requests_per_connection_max = 2;
  Served served(config);
  const auto responses = responses_in(served.answer(hello_request + hello_request + hello_request));
  ASSERT_EQ(responses.size(), 2u);
  EXPECT_EQ(responses[0].find("Connection: close"), std::string::npos);
  EXPECT_NE(responses[1].find("Connection: close"), std::string::npos);
  EXPECT_EQ(served.count(Reason::closed_request_count), 1u);
}

}  // namespace
}  // namespace pelton::http
