// The answering half of http/serve/connection: what a server says by itself, and to whom.
#include "../served.hpp"

namespace pelton::http {
namespace {

std::string request(const std::string& line, const std::string& fields = "") {
  return line + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

TEST(H1Answers, H1_013_H1_014_H1_017_what_no_route_serves_is_answered_and_kept) {
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

TEST(H1Answers, H1_013_405_and_automatic_options_name_the_methods) {
  Served served;
  EXPECT_NE(served.answer(request("PUT /")).find("Allow: GET, HEAD, OPTIONS\r\n"),
            std::string::npos);
  const std::string options = served.answer(request("OPTIONS /"));
  EXPECT_EQ(status_of(options), 204);
  EXPECT_NE(options.find("Allow: GET, HEAD, OPTIONS\r\n"), std::string::npos);
}

TEST(H1Answers, H1_093_a_refusal_is_prebuilt_in_the_applications_shape) {
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

TEST(H1Answers, H1_093_RSP_003_a_refusal_of_head_has_no_body) {
  ServerConfig config;
  config.body_bytes_max = 10;
  const std::string head = "HEAD /echo HTTP/1.1\r\nHost: a\r\n";
  for (const std::string& input :
       {std::string("HEAD /\x01"), std::string("HEAD / HTTP/1.1\r\nHost: a\nb"),
        head + "Host: a\r\n\r\n", head + "Content-Length: 11\r\n\r\n",
        head + "Content-Length: 9\r\n\r\nshort", head + "Transfer-Encoding: chunked\r\n\r\n1\r\nxx",
        head + "Transfer-Encoding: chunked\r\n\r\nb\r\n"}) {
    Served served(config);
    const std::string whole = served.answer(input);
    EXPECT_EQ(whole.substr(0, 10), "HTTP/1.1 4") << input;
    EXPECT_EQ(body_of(whole), "") << input;
    EXPECT_NE(whole.find("Content-Length: "), std::string::npos) << input;
    const std::vector<std::size_t> octet_by_octet(input.size(), 1);
    const uring::Peer peer = served.connect();
    std::string received = served.send_in_pieces(peer, input, octet_by_octet);
    served.engine.finish(peer);
    served.run();
    EXPECT_EQ(received + served.engine.take_sent(peer), whole) << input;
    // The method of an earlier request is not that of this one.
    EXPECT_NE(served.answer(head + "\r\n\x01").find("{\"detail\""), std::string::npos) << input;
  }
  Served slow;
  const uring::Peer peer = slow.connect();
  slow.send(peer, head);
  slow.pass_ms(11'000);
  const std::string late = slow.engine.take_sent(peer);
  EXPECT_EQ(status_of(late), 408);
  EXPECT_EQ(body_of(late), "");
}

TEST(H1Answers, H1_085_http_1_0_gets_no_100_and_no_chunks) {
  Served served;
  const std::string answer =
      served.answer("POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("Content-Length: 2\r\n"), std::string::npos);
  EXPECT_EQ(answer.find("Transfer-Encoding"), std::string::npos);
}

TEST(H1Answers, H1_094_no_answer_of_the_servers_own_shows_what_was_sent) {
  const std::string canary = "canary";
  const std::string fields = "X-canary: canary\r\nCookie: canary=canary\r\nContent-Length: 6\r\n";
  for (const char* line :
       {"GET /canary", "GET /name/%ff?canary", "DELETE /?canary", "canary /", "TRACE /?canary",
        "OPTIONS /?canary", "POST /json?canary", "GET /fail?canary", "POST /small?canary"}) {
    Served served;
    const std::string answer = served.answer(request(line, fields) + "canary" + canary);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 ")) << line;
    if (std::string_view(line).starts_with("POST /small")) continue;  // an echo by its handler
    EXPECT_EQ(answer.find(canary), std::string::npos) << answer;
  }
}

TEST(H1Answers, H1_073_an_upgrade_to_anything_but_websocket_is_ignored) {
  Served served;
  const std::string upgrade =
      "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
  const auto responses = responses_in(
      served.answer(request("GET /", upgrade) + request("GET /", "Upgrade: a, b\r\n")));
  ASSERT_EQ(responses.size(), 2u);
  for (const std::string& response : responses) EXPECT_EQ(body_of(response), "hello");
}

TEST(H1Answers, UPL_001_a_json_route_refuses_other_types_without_the_body) {
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

TEST(H1Answers, UPL_003_a_coded_body_is_not_json) {
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
}  // namespace pelton::http
