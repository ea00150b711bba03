#include "http/middleware/chain.hpp"

#include <gtest/gtest.h>

#include "parsed_request.hpp"

namespace pelton::http::middleware {
namespace {

TEST(Chain, one_without_middlewares_is_empty_and_adds_nothing) {
  EXPECT_TRUE(Config{}.empty());
  Chain chain(Config{}, 1);
  ParsedRequest request("Origin: https://a.example\r\n");
  EXPECT_FALSE(chain.before(request.head()).has_value());
  EXPECT_TRUE(chain.additions_for(request.head()).empty());
}

TEST(Chain, preflights_are_answered_and_other_requests_go_on) {
  const Config config{.cors = CorsConfig{.origins = {"https://a.example"}, .methods = {"GET"}}};
  EXPECT_FALSE(config.empty());
  Chain chain(config, 1);
  ParsedRequest plain("Origin: https://a.example\r\n");
  EXPECT_FALSE(chain.before(plain.head()).has_value());
  ParsedRequest allowed("Origin: https://a.example\r\nAccess-Control-Request-Method: GET\r\n",
                        "OPTIONS");
  EXPECT_EQ(chain.before(allowed.head())->status, 204);
  EXPECT_EQ(chain.before(allowed.head())->text, "");
  for (const auto& [lines, text] : std::initializer_list<std::pair<const char*, const char*>>{
           {"Origin: https://b.example\r\nAccess-Control-Request-Method: GET\r\n",
            "CORS: this origin is not allowed\n"},
           {"Origin: https://a.example\r\nAccess-Control-Request-Method: PUT\r\n",
            "CORS: this method is not allowed\n"},
           {"Origin: https://a.example\r\nAccess-Control-Request-Method: GET\r\n"
            "Access-Control-Request-Headers: a b\r\n",
            "CORS: one of these headers is not allowed\n"}}) {
    ParsedRequest refused(lines, "OPTIONS");
    ASSERT_TRUE(chain.before(refused.head()).has_value()) << lines;
    EXPECT_EQ(chain.before(refused.head())->status, 403);
    EXPECT_EQ(chain.before(refused.head())->text, text);
  }
}

TEST(Chain, the_id_of_a_request_comes_first) {
  Chain chain({.request_id = RequestIdConfig{}, .cors = CorsConfig{.methods = {"GET"}}}, 1);
  ParsedRequest request("");
  chain.number(request.head());
  EXPECT_FALSE(chain.before(request.head()).has_value());
  const std::string id(chain.id_of(request.head()));
  EXPECT_EQ(id.size(), 32u);
  EXPECT_EQ(told(chain.additions_for(request.head())),
            "X-Request-ID: " + id + "; Access-Control-Allow-Origin: *; ");
}

TEST(Chain, additions_are_those_of_the_last_request_alone) {
  Chain chain({.cors = CorsConfig{.origins = {"https://a.example"}, .methods = {"GET"}}}, 1);
  const ParsedRequest known("Origin: https://a.example\r\n");
  EXPECT_EQ(told(chain.additions_for(known.head())),
            "Vary: Origin; Access-Control-Allow-Origin: https://a.example; ");
  const ParsedRequest other("");
  EXPECT_EQ(told(chain.additions_for(other.head())), "Vary: Origin; ");
}

}  // namespace
}  // namespace pelton::http::middleware
