// The plain road of a request: called, answered, kept or not.
#include "../served.hpp"

namespace pelton::http {
namespace {

std::string request(const std::string& line, const std::string& fields = "") {
  return line + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

TEST(H1Message, RSP_003_head_is_get_without_its_body) {
  Served served;
  const std::string answer = served.answer(request("HEAD /") + request("GET /"));
  EXPECT_NE(answer.find("Content-Length: 5\r\n\r\nHTTP/1.1 200 OK"), std::string::npos) << answer;
  EXPECT_EQ(served.seen.calls, 2u);
}

TEST(H1Message, H1_084_http_1_0_is_kept_only_when_it_asks) {
  Served served;
  const std::string closed = served.answer("GET / HTTP/1.0\r\n\r\n");
  EXPECT_NE(closed.find("HTTP/1.1 200 OK"), std::string::npos);
  EXPECT_NE(closed.find("Connection: close\r\n"), std::string::npos);
  const uring::Peer peer = served.connect();
  const std::string kept = served.send(peer, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(kept.find("Connection: keep-alive\r\n"), std::string::npos);
  EXPECT_EQ(body_of(served.send(peer, request("GET /"))), "hello");
}

TEST(H1Message, RSP_019_a_handler_that_fails_costs_one_500_and_nothing_else) {
  Served served;
  const uring::Peer peer = served.connect();
  const auto responses =
      responses_in(served.send(peer, request("GET /") + request("GET /fail") + request("GET /")));
  ASSERT_EQ(responses.size(), 3u);
  EXPECT_EQ(status_of(responses[0]), 200);
  EXPECT_EQ(status_of(responses[1]), 500);
  EXPECT_EQ(body_of(responses[1]), "{\"detail\":\"Internal Server Error\"}");
  EXPECT_EQ(status_of(responses[2]), 200);
  EXPECT_EQ(served.count(Reason::fault_handler), 1u);
}

}  // namespace
}  // namespace pelton::http
