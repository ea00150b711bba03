#include "http/middleware/cors.hpp"

#include <gtest/gtest.h>

#include <string>

#include "parsed_request.hpp"

namespace pelton::http::middleware {
namespace {

const std::string asks = "Access-Control-Request-Method: PUT\r\n";

CorsConfig listing() {
  return {.origins = {"https://app.example", "http://localhost:3000"},
          .methods = {"GET", "PUT"},
          .headers = {"X-Token", "Content-Type"},
          .exposed = {"X-Total", "X-Page"},
          .credentials = true,
          .max_age_s = 60};
}

std::string added(const CorsConfig& config, const std::string& lines,
                  std::string_view method = "GET") {
  const ParsedRequest request(lines, method);
  const Cors cors(config);
  std::vector<FieldView> fields;
  cors.add_fields(request.head(), fields);
  return told(fields);
}

std::string refused(const CorsConfig& config, const std::string& lines) {
  const ParsedRequest request(lines, "OPTIONS");
  EXPECT_TRUE(Cors::is_preflight(request.head())) << lines;
  return std::string(Cors(config).refused(request.head()));
}

TEST(Cors, all_origins_without_credentials) {
  const CorsConfig config{.methods = {"GET"}};
  EXPECT_EQ(added(config, ""), "Access-Control-Allow-Origin: *; ");
  EXPECT_EQ(added(config, "Origin: https://app.example\r\n"), "Access-Control-Allow-Origin: *; ");
  EXPECT_EQ(added(config, "Origin: null\r\n"), "Access-Control-Allow-Origin: *; ");
}

TEST(Cors, a_listed_origin_is_repeated) {
  EXPECT_EQ(added(listing(), "Origin: https://app.example\r\n"),
            "Vary: Origin; Access-Control-Allow-Origin: https://app.example; "
            "Access-Control-Allow-Credentials: true; "
            "Access-Control-Expose-Headers: X-Total, X-Page; ");
  EXPECT_EQ(added(listing(), ""), "Vary: Origin; ");
}

TEST(Cors, origins_that_almost_match_do_not) {
  for (const std::string origin :
       {"https://app.example:443", "https://app.example/", "http://app.example",
        "https://APP.example", "https://app.example.evil.example", "https://evil-app.example",
        "https://app.exampl", "null", "https://app.example, https://evil.example", "*"}) {
    EXPECT_EQ(added(listing(), "Origin: " + origin + "\r\n"), "Vary: Origin; ") << origin;
  }
  EXPECT_EQ(added(listing(), "Origin: https://app.example\r\nOrigin: https://app.example\r\n"),
            "Vary: Origin; ");
  EXPECT_EQ(added(listing(), "X-Origin: https://app.example\r\n"), "Vary: Origin; ");
}

TEST(Cors, what_a_preflight_is) {
  EXPECT_TRUE(Cors::is_preflight(ParsedRequest("Origin: a\r\n" + asks, "OPTIONS").head()));
  EXPECT_FALSE(Cors::is_preflight(ParsedRequest(asks, "OPTIONS").head()));
  EXPECT_FALSE(Cors::is_preflight(ParsedRequest("Origin: a\r\n", "OPTIONS").head()));
  EXPECT_FALSE(Cors::is_preflight(ParsedRequest("Origin: a\r\n" + asks, "GET").head()));
}

TEST(Cors, a_preflight_gets_what_it_asks_for) {
  const std::string origin = "Origin: https://app.example\r\n";
  EXPECT_EQ(refused(listing(), origin + asks), "");
  EXPECT_EQ(added(listing(), origin + asks, "OPTIONS"),
            "Vary: Origin; Access-Control-Allow-Origin: https://app.example; "
            "Access-Control-Allow-Credentials: true; Access-Control-Allow-Methods: GET, PUT; "
            "Access-Control-Max-Age: 60; Access-Control-Allow-Headers: X-Token, Content-Type; ");
  const std::string headers = "Access-Control-Request-Headers: x-token,content-type\r\n";
  EXPECT_EQ(refused(listing(), origin + asks + headers), "");
}

TEST(Cors, headers_that_a_page_asks_for_are_repeated_if_all_are_allowed) {
  const CorsConfig config{.methods = {"PUT"}, .max_age_s = 0};
  const std::string lines =
      "Origin: https://x\r\n" + asks + "Access-Control-Request-Headers: x-a,authorization\r\n";
  EXPECT_EQ(added(config, lines, "OPTIONS"),
            "Access-Control-Allow-Origin: *; Access-Control-Allow-Methods: PUT; "
            "Access-Control-Max-Age: 0; Vary: Access-Control-Request-Headers; "
            "Access-Control-Allow-Headers: x-a,authorization; ");
  EXPECT_EQ(
      refused(config, "Origin: https://x\r\n" + asks + "Access-Control-Request-Headers: x a\r\n"),
      "headers");
}

TEST(Cors, what_a_preflight_is_refused_for) {
  const std::string origin = "Origin: https://app.example\r\n";
  EXPECT_EQ(refused(listing(), "Origin: https://elsewhere\r\n" + asks), "origin");
  EXPECT_EQ(refused(listing(), origin + "Access-Control-Request-Method: DELETE\r\n"), "method");
  EXPECT_EQ(refused(listing(), origin + "Access-Control-Request-Method: put\r\n"), "method");
  EXPECT_EQ(refused(listing(), origin + asks + "Access-Control-Request-Headers: x-other\r\n"),
            "headers");
  EXPECT_EQ(added(listing(), origin + "Access-Control-Request-Method: DELETE\r\n", "OPTIONS"),
            "Vary: Origin; Access-Control-Allow-Origin: https://app.example; "
            "Access-Control-Allow-Credentials: true; ");
}

}  // namespace
}  // namespace pelton::http::middleware
