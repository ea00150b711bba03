#include "http/serve/request_origin.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/reason.hpp"
#include "core/stats.hpp"
#include "tests/http/message/written_head.hpp"

namespace pelton::http {
namespace {

using Lines = WrittenHead::Lines;

const Endpoints of_proxy{"10.0.0.1", 40000, "10.0.0.9", 8000};

ForwardingRules rules(const std::string& trusted) {
  ForwardingRules made{.family = ForwardedFamily::x_forwarded};
  EXPECT_EQ(made.trusted.add(trusted), "");
  return made;
}

struct RequestOriginTest : testing::Test {
  RequestOrigin origin(const Lines& lines, std::string_view authority = "inner",
                       bool is_secure = false) {
    return origin_of(WrittenHead(lines, authority).head(), rules("10.0.0.0/8"), of_proxy, is_secure,
                     stats);
  }

  Stats stats;
};

TEST_F(RequestOriginTest, PXY_002_is_what_the_fields_say_and_else_what_the_connection_shows) {
  const RequestOrigin said = origin({{"X-Forwarded-For", "1.2.3.4:5"},
                                     {"X-Forwarded-Proto", "https"},
                                     {"X-Forwarded-Host", "shop.example"},
                                     {"X-Forwarded-Prefix", "/shop"}});
  EXPECT_EQ(said.ends.client_host, "1.2.3.4");
  EXPECT_EQ(said.ends.client_port, 5);
  EXPECT_EQ(said.ends.server_host, "10.0.0.9");
  EXPECT_EQ(said.ends.server_port, 8000);
  EXPECT_TRUE(said.is_secure);
  EXPECT_EQ(said.authority, "shop.example");
  EXPECT_EQ(said.root_path, "/shop");
  const RequestOrigin unsaid = origin({{"X-Forwarded-Server", "x"}}, "inner", true);
  EXPECT_EQ(unsaid.ends.client_host, "10.0.0.1");
  EXPECT_EQ(unsaid.ends.client_port, 40000);
  EXPECT_TRUE(unsaid.is_secure);
  EXPECT_EQ(unsaid.authority, "");
  EXPECT_EQ(unsaid.root_path, "");
  EXPECT_EQ(stats.of(Reason::dropped_forwarded), 0u);
}

TEST_F(RequestOriginTest, PXY_002_a_hidden_client_has_no_address) {
  const RequestOrigin hidden = origin({{"X-Forwarded-For", "unknown"}});
  EXPECT_EQ(hidden.ends.client_host, "");
  EXPECT_EQ(hidden.ends.client_port, 0);
}

TEST_F(RequestOriginTest, PXY_002_the_port_completes_a_host_without_one) {
  const auto authority = [this](const Lines& lines, std::string_view host) {
    return origin(lines, host).authority;
  };
  EXPECT_EQ(authority({{"X-Forwarded-Port", "8080"}}, "inner"), "inner:8080");
  EXPECT_EQ(authority({{"X-Forwarded-Port", "8080"}}, "inner:1"), "");
  EXPECT_EQ(authority({{"X-Forwarded-Port", "8080"}}, ""), "");
  EXPECT_EQ(authority({{"X-Forwarded-Port", "8080"}, {"X-Forwarded-Host", "a"}}, "inner"),
            "a:8080");
  EXPECT_EQ(authority({{"X-Forwarded-Port", "8080"}, {"X-Forwarded-Host", "a:2"}}, "inner"), "a:2");
  EXPECT_EQ(authority({{"X-Forwarded-Port", "8080"}, {"X-Forwarded-Host", "[::1]"}}, "inner"),
            "[::1]:8080");
  EXPECT_EQ(authority({{"X-Forwarded-Port", "80"}}, "inner"), "");
  EXPECT_EQ(authority({{"X-Forwarded-Port", "443"}}, "inner"), "inner:443");
  EXPECT_EQ(authority({{"X-Forwarded-Port", "443"}, {"X-Forwarded-Proto", "https"}}, "inner"), "");
}

TEST_F(RequestOriginTest, PXY_002_what_is_malformed_is_counted_once) {
  origin({{"X-Forwarded-For", "x"}, {"X-Forwarded-Host", "?"}});
  EXPECT_EQ(stats.of(Reason::dropped_forwarded), 1u);
}

TEST_F(RequestOriginTest, PXY_001_trust_is_by_the_peers_address) {
  const auto trusts = [](const std::string& trusted, const Endpoints& ends) {
    return Origins(ends).is_trusted(rules(trusted).trusted);
  };
  EXPECT_TRUE(trusts("10.0.0.0/8", of_proxy));
  EXPECT_FALSE(trusts("10.0.0.2", of_proxy));
  EXPECT_FALSE(trusts("unix", of_proxy));
  EXPECT_TRUE(trusts("*", of_proxy));
  EXPECT_FALSE(trusts("10.0.0.0/8", {"testclient", 1, "testserver", 80}));
  EXPECT_TRUE(trusts("unix", {}));
  EXPECT_TRUE(trusts("*", {}));
  EXPECT_FALSE(trusts("127.0.0.1", {}));
}

TEST_F(RequestOriginTest, PXY_001_a_tcp_peer_that_has_gone_is_no_unix_peer) {
  EXPECT_FALSE(Origins({"", 0, "10.0.0.9", 8000}).is_trusted(rules("unix").trusted));
}

TEST_F(RequestOriginTest, is_read_once_for_each_request) {
  Origins origins(of_proxy);
  const ForwardingRules trusted = rules("10.0.0.1");
  const WrittenHead first(Lines{{"X-Forwarded-For", "1.2.3.4, x"}});
  const WrittenHead second(Lines{{"X-Forwarded-For", "5.6.7.8"}});
  for (int times = 0; times < 3; ++times) {
    EXPECT_EQ(origins.of_request(1, first.head(), trusted, false, stats).ends.client_host,
              "10.0.0.1");
  }
  EXPECT_EQ(stats.of(Reason::dropped_forwarded), 1u);
  EXPECT_EQ(origins.of_request(2, second.head(), trusted, false, stats).ends.client_host,
            "5.6.7.8");
  EXPECT_EQ(origins.ends().client_host, "10.0.0.1");
}

}  // namespace
}  // namespace pelton::http
