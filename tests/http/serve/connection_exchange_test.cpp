// The answering half of http/serve/connection: what a server says by itself, and to whom.
#include "served.hpp"

namespace noria::http {
namespace {

std::string request(const std::string& line, const std::string& fields = "") {
  return line + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

TEST(ConnectionExchange, H1_013_H1_014_H1_017_what_no_route_serves_is_answered_and_kept) {
  Served served;
  const uring::Peer peer = served.connect();
  const auto expect = [&](const std::string& line, int status, Reason reason) {
    const auto responses = responses_in(served.send(peer, request(line)));
    ASSERT_EQ(responses.size(), 1u) << line;
    EXPECT_EQ(status_of(responses[0]), status) << line;
    EXPECT_EQ(responses[0].find("Connection: close"), std::string::npos) << line;
    EXPECT_EQ(served.count(reason), 1u) << line;
  };
  expect("GET /nowhere", 404, Reason::answered_not_found);
  expect("DELETE /", 405, Reason::answered_method_not_allowed);
  expect("MKCOL /", 501, Reason::answered_method_unknown);
  expect("TRACE /", 405, Reason::answered_trace_disabled);
  expect("GET /name/%ff", 400, Reason::answered_path_not_utf8);
  EXPECT_EQ(served.seen.calls, 0u);
}

TEST(ConnectionExchange, H1_013_405_and_automatic_options_name_the_methods) {
  Served served;
  EXPECT_NE(served.answer(request("PUT /")).find("Allow: GET, HEAD, OPTIONS\r\n"),
            std::string::npos);
  const std::string options = served.answer(request("OPTIONS /"));
  EXPECT_EQ(status_of(options), 204);
  EXPECT_NE(options.find("Allow: GET, HEAD, OPTIONS\r\n"), std::string::npos);
}

TEST(ConnectionExchange, H1_093_a_refusal_is_prebuilt_in_the_applications_shape) {
  const std::string bad = "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n";
  Served detail;
  const auto plain = responses_in(detail.answer(bad));
  ASSERT_EQ(plain.size(), 1u);
  EXPECT_EQ(plain[0],
            "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
            "Cache-Control: no-store\r\nConnection: close\r\nContent-Length: 52\r\n\r\n"
            "{\"detail\":\"Bad Request\",\"reason\":\"header_duplicate\"}");
  Served problem({}, ErrorShape::problem);
  const auto shaped = responses_in(problem.answer(bad));
  ASSERT_EQ(shaped.size(), 1u);
  EXPECT_NE(shaped[0].find("Content-Type: application/problem+json\r\n"), std::string::npos);
  EXPECT_EQ(body_of(shaped[0]),
            "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,"
            "\"reason\":\"header_duplicate\"}");
}

TEST(ConnectionExchange, UPL_001_a_json_route_refuses_other_types_without_the_body) {
  Served served;
  const uring::Peer peer = served.connect();
  const std::string body_fields = "Content-Length: 2\r\n";
  EXPECT_EQ(status_of(served.send(
                peer, request("POST /json", body_fields + "Content-Type: text/plain\r\n"))),
            415);
  EXPECT_EQ(status_of(served.send(peer, "{}" + request("POST /json", body_fields) + "{}")), 415);
  EXPECT_EQ(
      status_of(served.send(
          peer, request("POST /json", body_fields + "Content-Type: application/json\r\n") + "{}")),
      200);
  EXPECT_EQ(served.count(Reason::answered_content_type), 2u);
  EXPECT_EQ(status_of(served.send(peer, request("POST /json", "Content-Length: 0\r\n"))), 200);
  EXPECT_EQ(served.seen.calls, 2u);
}

TEST(ConnectionExchange, UPL_003_a_coded_body_is_not_json) {
  Served served;
  const std::string answer =
      served.send(served.connect(), request("POST /json",
                                            "Content-Length: 2\r\nContent-Encoding: gzip\r\n"
                                            "Content-Type: application/json\r\n") +
                                        "{}");
  EXPECT_EQ(status_of(answer), 415);
  EXPECT_NE(answer.find("Accept-Encoding: identity\r\n"), std::string::npos);
  EXPECT_EQ(served.count(Reason::answered_content_encoding), 1u);
}

}  // namespace
}  // namespace noria::http
