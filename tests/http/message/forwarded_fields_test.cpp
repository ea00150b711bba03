#include "http/message/forwarded_fields.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "tests/http/message/written_head.hpp"

namespace pelton::http {
namespace {

using Lines = WrittenHead::Lines;

TrustedPeers trusted_peers() {
  TrustedPeers trusted;
  EXPECT_EQ(trusted.add("10.0.0.0/8"), "");
  EXPECT_EQ(trusted.add("fd00::/8"), "");
  return trusted;
}

ForwardedValues x_forwarded(const Lines& lines, const TrustedPeers& trusted = trusted_peers()) {
  return read_forwarded_fields(WrittenHead(lines).head(), ForwardedFamily::x_forwarded, trusted);
}

ForwardedValues forwarded(const std::vector<std::string>& values,
                          const TrustedPeers& trusted = trusted_peers()) {
  Lines lines;
  for (const std::string& value : values) lines.emplace_back("Forwarded", value);
  return read_forwarded_fields(WrittenHead(lines).head(), ForwardedFamily::forwarded, trusted);
}

// "address port", "hidden", "malformed", or "-" if nothing is said of a client.
std::string client(const ForwardedValues& values) {
  if (values.malformed) return values.names_client ? "malformed, and a client" : "malformed";
  if (!values.names_client) return "-";
  if (values.client_host.empty()) return "hidden";
  return values.client_host + ' ' + std::to_string(values.client_port);
}

std::string client_in(const std::string& list) {
  return client(x_forwarded({{"X-Forwarded-For", list}}));
}

TEST(XForwarded, PXY_002_the_rightmost_untrusted_address_is_the_client) {
  EXPECT_EQ(client_in("1.2.3.4"), "1.2.3.4 0");
  EXPECT_EQ(client_in("6.6.6.6, 1.2.3.4"), "1.2.3.4 0");
  EXPECT_EQ(client_in("6.6.6.6, 1.2.3.4, 10.0.0.1"), "1.2.3.4 0");
  EXPECT_EQ(client_in("6.6.6.6,1.2.3.4,10.0.0.1 ,\tfd00::1"), "1.2.3.4 0");
  EXPECT_EQ(client_in("10.0.0.9, 10.0.0.1"), "10.0.0.9 0");
  EXPECT_EQ(client_in("::ffff:1.2.3.4"), "1.2.3.4 0");
  EXPECT_EQ(client_in("2001:DB8::1"), "2001:db8::1 0");
}

TEST(XForwarded, PXY_002_fields_of_one_name_are_one_list) {
  EXPECT_EQ(client(x_forwarded({{"X-Forwarded-For", "6.6.6.6"},
                                {"x-forwarded-for", "1.2.3.4"},
                                {"X-FORWARDED-FOR", "10.0.0.1"}})),
            "1.2.3.4 0");
}

TEST(XForwarded, PXY_002_what_stands_left_of_the_client_is_not_read) {
  EXPECT_EQ(client_in("!!!, 1.2.3.4, 10.0.0.1"), "1.2.3.4 0");
  EXPECT_EQ(client_in("\", 1.2.3.4"), "1.2.3.4 0");
  EXPECT_EQ(client_in("unknown, 1.2.3.4"), "1.2.3.4 0");
}

TEST(XForwarded, PXY_002_a_malformed_hop_hides_the_client) {
  for (const char* text : {"x",          "1.2.3",     "1.2.3.4.5",     "1.2.3.4 5.6.7.8",
                           "1.2.3.4:",   "1.2.3.4:0", "1.2.3.4:65536", "[1.2.3.4]",
                           "[::1",       "[::1]x",    "[::1]:",        "[]",
                           "::1]",       "localhost", "1.2.3.4;",      "\"1.2.3.4\"",
                           "_",          "unknown:x", "fe80::1%eth0",  "1.2.3.4\\",
                           "x, 10.0.0.1"}) {
    EXPECT_EQ(client_in(text), "malformed") << text;
  }
}

TEST(XForwarded, PXY_002_ports_and_brackets) {
  EXPECT_EQ(client_in("1.2.3.4:80"), "1.2.3.4 80");
  EXPECT_EQ(client_in("[2001:db8::1]"), "2001:db8::1 0");
  EXPECT_EQ(client_in("[2001:db8::1]:65535"), "2001:db8::1 65535");
  EXPECT_EQ(client_in("1.2.3.4:80, [fd00::1]:9"), "1.2.3.4 80");
}

TEST(XForwarded, PXY_002_empty_elements_say_nothing) {
  EXPECT_EQ(client_in(""), "-");
  EXPECT_EQ(client_in(" , ,"), "-");
  EXPECT_EQ(client_in("1.2.3.4,,"), "1.2.3.4 0");
}

TEST(XForwarded, PXY_002_a_proxy_may_hide_the_client) {
  EXPECT_EQ(client_in("unknown"), "hidden");
  EXPECT_EQ(client_in("1.2.3.4, Unknown, 10.0.0.1"), "hidden");
}

TEST(XForwarded, PXY_002_if_everybody_is_trusted_the_leftmost_is_the_client) {
  TrustedPeers all;
  EXPECT_EQ(all.add("*"), "");
  EXPECT_EQ(client(x_forwarded({{"X-Forwarded-For", "1.2.3.4, unknown, x, 6.6.6.6"}}, all)),
            "1.2.3.4 0");
}

TEST(XForwarded, PXY_002_the_scheme_stands_once) {
  const auto scheme = [](const Lines& lines) { return x_forwarded(lines); };
  for (const char* text : {"https", "HTTPS", "wss"}) {
    EXPECT_EQ(scheme({{"X-Forwarded-Proto", text}}).is_secure, true) << text;
  }
  for (const char* text : {"http", "ws"}) {
    EXPECT_EQ(scheme({{"X-Forwarded-Proto", text}}).is_secure, false) << text;
  }
  for (const char* text : {"ftp", "https,https", "https, http", "https ", "httpss", "://", "on"}) {
    const ForwardedValues values = scheme({{"X-Forwarded-Proto", text}});
    EXPECT_EQ(values.is_secure, std::nullopt) << text;
    EXPECT_TRUE(values.malformed) << text;
  }
  const ForwardedValues twice =
      scheme({{"X-Forwarded-Proto", "https"}, {"x-forwarded-proto", "https"}});
  EXPECT_EQ(twice.is_secure, std::nullopt);
  EXPECT_TRUE(twice.malformed);
  const ForwardedValues empty = scheme({{"X-Forwarded-Proto", ""}});
  EXPECT_EQ(empty.is_secure, std::nullopt);
  EXPECT_FALSE(empty.malformed);
}

TEST(XForwarded, PXY_002_host_and_port) {
  EXPECT_EQ(x_forwarded({{"X-Forwarded-Host", "shop.example:8443"}}).authority,
            "shop.example:8443");
  EXPECT_EQ(x_forwarded({{"X-Forwarded-Port", "8443"}}).port, 8443);
  for (const char* text : {"a/b", "a,b", "u@h", "a b", ":80", "h:0", "[::1", "<x>"}) {
    const ForwardedValues values = x_forwarded({{"X-Forwarded-Host", text}});
    EXPECT_EQ(values.authority, "") << text;
    EXPECT_TRUE(values.malformed) << text;
  }
  for (const char* text : {"0", "65536", "80,80", "x", "-1", "080"}) {
    const ForwardedValues values = x_forwarded({{"X-Forwarded-Port", text}});
    EXPECT_EQ(values.port, 0) << text;
    EXPECT_TRUE(values.malformed) << text;
  }
  EXPECT_TRUE(x_forwarded({{"X-Forwarded-Host", "a"}, {"X-Forwarded-Host", "b"}}).malformed);
  EXPECT_TRUE(x_forwarded({{"X-Forwarded-Port", "1"}, {"X-Forwarded-Port", "1"}}).malformed);
}

TEST(XForwarded, PXY_002_the_path_in_front) {
  const auto path = [](const char* text) {
    return x_forwarded({{"X-Forwarded-Prefix", text}}).root_path;
  };
  EXPECT_EQ(path("/shop"), "/shop");
  EXPECT_EQ(path("/shop/"), "/shop");
  EXPECT_EQ(path("/a/b"), "/a/b");
  EXPECT_EQ(path("/"), "");
  EXPECT_EQ(path("/caf%C3%a9"), "/caf\xC3\xA9");
  for (const char* text : {"shop", "//evil", "/a b", "/a?b", "/a#b", "/a\\b", "/%", "/%4", "/%zz",
                           "/%00", "/%ff", "/..", "/a/%2e%2e/b", "/.", "/a,/b", "http://x/"}) {
    const ForwardedValues values = x_forwarded({{"X-Forwarded-Prefix", text}});
    EXPECT_EQ(values.root_path, "") << text;
    EXPECT_TRUE(values.malformed) << text;
  }
  EXPECT_FALSE(x_forwarded({{"X-Forwarded-Prefix", "/"}}).malformed);
}

TEST(XForwarded, PXY_002_a_malformed_field_takes_nothing_from_the_others) {
  const ForwardedValues values = x_forwarded({{"X-Forwarded-For", "1.2.3.4"},
                                              {"X-Forwarded-Host", "?"},
                                              {"X-Forwarded-Proto", "https"},
                                              {"X-Forwarded-Prefix", "?"}});
  EXPECT_TRUE(values.malformed);
  EXPECT_EQ(values.client_host, "1.2.3.4");
  EXPECT_EQ(values.is_secure, true);
}

TEST(XForwarded, only_its_own_family_counts) {
  const WrittenHead both(Lines{{"X-Forwarded-For", "1.2.3.4"}, {"Forwarded", "for=5.6.7.8"}});
  const TrustedPeers trusted = trusted_peers();
  EXPECT_EQ(read_forwarded_fields(both.head(), ForwardedFamily::x_forwarded, trusted).client_host,
            "1.2.3.4");
  EXPECT_EQ(read_forwarded_fields(both.head(), ForwardedFamily::forwarded, trusted).client_host,
            "5.6.7.8");
}

TEST(XForwarded, has_fields) {
  const auto has = [](const char* name, ForwardedFamily family) {
    return has_forwarded_fields(WrittenHead(Lines{{"Host", "h"}, {name, "x"}}).head(), family);
  };
  for (const char* name : {"X-Forwarded-For", "x-forwarded-prefix", "X-FORWARDED-HOST"}) {
    EXPECT_TRUE(has(name, ForwardedFamily::x_forwarded)) << name;
    EXPECT_FALSE(has(name, ForwardedFamily::forwarded)) << name;
  }
  EXPECT_TRUE(has("forwarded", ForwardedFamily::forwarded));
  for (const char* name : {"X-Forwarded", "X-Forwarded-", "Forwarded", "X-Real-IP"}) {
    EXPECT_FALSE(has(name, ForwardedFamily::x_forwarded)) << name;
  }
}

TEST(Forwarded, PXY_002_the_rightmost_untrusted_hop_is_the_client) {
  EXPECT_EQ(client(forwarded({"for=1.2.3.4"})), "1.2.3.4 0");
  EXPECT_EQ(client(forwarded({"for=6.6.6.6, for=1.2.3.4;by=10.0.0.1, for=10.0.0.1"})), "1.2.3.4 0");
  EXPECT_EQ(client(forwarded({"for=6.6.6.6", "For=\"1.2.3.4:80\"", "FOR=10.0.0.1"})), "1.2.3.4 80");
  EXPECT_EQ(client(forwarded({"for=\"[2001:db8::1]:80\""})), "2001:db8::1 80");
  EXPECT_EQ(client(forwarded({"for=\"[2001:db8::\\1]\""})), "2001:db8::1 0");
  EXPECT_EQ(client(forwarded({"for=10.0.0.9, for=10.0.0.1"})), "10.0.0.9 0");
  EXPECT_EQ(client(forwarded({"for=1.2.3.4;ext=\"a,b;c=\\\"\""})), "1.2.3.4 0");
  EXPECT_EQ(client(forwarded({" ;; for=1.2.3.4 ; proto=http ;, ,"})), "1.2.3.4 0");
  EXPECT_EQ(client(forwarded({""})), "-");
}

TEST(Forwarded, PXY_002_a_client_may_be_hidden) {
  for (const char* text : {"for=unknown", "for=_secret", "for=\"_secret:_port\"",
                           "for=\"unknown:80\"", "for=1.2.3.4, for=_secret, for=10.0.0.1"}) {
    EXPECT_EQ(client(forwarded({text})), "hidden") << text;
  }
}

TEST(Forwarded, PXY_002_scheme_and_host_are_those_of_the_clients_hop) {
  const ForwardedValues values = forwarded(
      {"for=6.6.6.6;proto=http;host=evil, for=1.2.3.4;proto=https;host=\"shop.example:444\", "
       "for=10.0.0.1;proto=http;host=inner"});
  EXPECT_EQ(values.is_secure, true);
  EXPECT_EQ(values.authority, "shop.example:444");
  const ForwardedValues filled = forwarded({"for=1.2.3.4, for=10.0.0.1;proto=https;host=inner"});
  EXPECT_EQ(filled.client_host, "1.2.3.4");
  EXPECT_EQ(filled.is_secure, true);
  EXPECT_EQ(filled.authority, "inner");
}

TEST(Forwarded, PXY_002_a_hop_without_an_address_says_nothing_of_those_before_it) {
  const ForwardedValues values = forwarded({"for=1.2.3.4;host=evil, proto=https"});
  EXPECT_EQ(client(values), "-");
  EXPECT_EQ(values.is_secure, true);
  EXPECT_EQ(values.authority, "");
}

TEST(Forwarded, PXY_002_anything_malformed_is_ignored_with_all_that_belongs_to_it) {
  for (const char* text :
       {"for", "for=", "=1.2.3.4", "for=1.2.3.4;for=1.2.3.4", "for=1.2.3.4;proto=ftp",
        "for=1.2.3.4;proto=http;proto=http", "for=1.2.3.4;host=\"a b\"", "for=1.2.3.4;host=\"\"",
        "for=1.2.3.4;host=a;host=a", "for=1.2.3.4:80", "for=[::1]", "for=\"1.2.3.4",
        "for = 1.2.3.4", "for=1.2.3.4 proto=https", "for=\"1.2.3.4\"x", "for=\"\\",
        "for=x, for=10.0.0.1"}) {
    const ForwardedValues values = forwarded({text});
    EXPECT_EQ(client(values), "malformed") << text;
    EXPECT_EQ(values.is_secure, std::nullopt) << text;
    EXPECT_EQ(values.authority, "") << text;
  }
}

TEST(Forwarded, PXY_002_what_a_client_has_forged_does_not_hide_what_a_proxy_adds) {
  for (const char* forged : {"for", "for=x;;=", "for=1.2.3.4;host=\"?\"", "a\"b\"c", "proto=ftp"}) {
    EXPECT_EQ(client(forwarded({forged + std::string(", for=1.2.3.4")})), "1.2.3.4 0") << forged;
  }
  // On a line of its own it is safe from a quote without an end.
  EXPECT_EQ(client(forwarded({"for=\"", "for=1.2.3.4"})), "1.2.3.4 0");
  // On the same line nobody can tell where the proxy began; never is the forged one believed.
  for (const char* forged : {"for=\"", "for=6.6.6.6;x=\"", "\""}) {
    EXPECT_EQ(client(forwarded({forged + std::string(", for=1.2.3.4")})), "malformed") << forged;
    EXPECT_EQ(client(forwarded({forged + std::string(", for=\"[2001:db8::1]\"")})), "malformed")
        << forged;
  }
}

}  // namespace
}  // namespace pelton::http
