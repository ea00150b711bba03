#include "http/websocket/handshake.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client.hpp"
#include "core/reason.hpp"
#include "http/h1/head_parser.hpp"

namespace pelton::http::websocket {
namespace {

// A head read from octets, which it keeps.
class Request {
 public:
  explicit Request(std::string octets)
      : octets_(std::move(octets)),
        fields_(limits_.header_count_max),
        parser_(limits_, fields_, scanner_for(CpuFeatures::of_this_machine())) {
    EXPECT_EQ(parser_.parse(octets_), Verdict::complete) << octets_;
  }

  const RequestHead& head() const { return parser_.head(); }

 private:
  HeadLimits limits_;
  std::string octets_;
  std::vector<Field> fields_;
  HeadParser parser_;
};

// The usual request with one text in it replaced.
std::string with(std::string_view wanted, std::string_view instead) {
  std::string octets = handshake("/");
  const std::size_t at = octets.find(wanted);
  EXPECT_NE(at, std::string::npos) << wanted;
  return octets.replace(at, wanted.size(), instead);
}

Reason judged(const std::string& octets) {
  return read_handshake(Request(octets).head()).reason;
}

TEST(Handshake, WS_001_who_asks_for_a_websocket) {
  for (const auto& octets :
       {handshake("/"), with("keep-alive, Upgrade", "UPGRADE"), with("websocket", "WebSocket"),
        with("websocket", "foo, websocket"), with("keep-alive, Upgrade", ",upgrade ,")}) {
    EXPECT_TRUE(asks_for_websocket(Request(octets).head())) << octets;
  }
  for (const auto& octets :
       {with("GET", "POST"), with("HTTP/1.1", "HTTP/1.0"), with("keep-alive, Upgrade", "close"),
        with("Upgrade: websocket", "Upgrade: h2c"), with("Upgrade: websocket\r\n", ""),
        with("websocket", "websocket/13"), with("keep-alive, Upgrade", "upgrades")}) {
    EXPECT_FALSE(asks_for_websocket(Request(octets).head())) << octets;
  }
}

TEST(Handshake, WS_002_the_version_is_13) {
  EXPECT_EQ(judged(handshake("/")), Reason::none);
  const std::string_view line = "Sec-WebSocket-Version: 13\r\n";
  for (const char* instead : {"", "Sec-WebSocket-Version: 8\r\n", "Sec-WebSocket-Version: 013\r\n",
                              "Sec-WebSocket-Version: 13, 8\r\n", "Sec-WebSocket-Version:\r\n",
                              "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n"}) {
    EXPECT_EQ(judged(with(line, instead)), Reason::refused_websocket_version) << instead;
  }
}

TEST(Handshake, WS_003_one_key_of_sixteen_octets) {
  const std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";
  EXPECT_EQ(judged(with(key, "++++////ABCDabcd012345==")), Reason::none);
  for (const char* instead :
       {"", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25jZQa=", "dGhlIHNhbXBsZSBub25jZQab",
        "dGhlIHNhbXBsZSBub25j-Q==", "dGhlIHNhbXBsZS==", "dGhlIHNhbXBsZSBub25j Q==",
        "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}) {
    EXPECT_EQ(judged(with(key, instead)), Reason::refused_websocket_handshake) << instead;
  }
  EXPECT_EQ(judged(with("Sec-WebSocket-Key", "X-Key")), Reason::refused_websocket_handshake);
}

TEST(Handshake, WS_003_lists_are_well_formed) {
  const auto with_line = [](std::string_view line) {
    return judged(handshake("/", std::string(line) + "\r\n"));
  };
  for (const char* line : {"Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: a, b,, c.d",
                           "Sec-WebSocket-Extensions: a; b=c, d"}) {
    EXPECT_EQ(with_line(line), Reason::none) << line;
  }
  for (const char* line : {"Sec-WebSocket-Protocol:", "Sec-WebSocket-Protocol: ,",
                           "Sec-WebSocket-Protocol: a b", "Sec-WebSocket-Protocol: caf\xc3\xa9",
                           "Sec-WebSocket-Extensions: a;", "Sec-WebSocket-Extensions: a b"}) {
    EXPECT_EQ(with_line(line), Reason::refused_websocket_handshake) << line;
  }
}

TEST(Handshake, H1_075_it_has_no_body) {
  EXPECT_EQ(judged(handshake("/", "Content-Length: 0\r\n")), Reason::none);
  EXPECT_EQ(judged(handshake("/", "Content-Length: 1\r\n")), Reason::refused_websocket_handshake);
  EXPECT_EQ(judged(handshake("/", "Transfer-Encoding: chunked\r\n")),
            Reason::refused_websocket_handshake);
}

TEST(Handshake, RFC_6455_section_1_3_the_accept_value) {
  const auto accept = accept_value("dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_EQ(std::string_view(accept.data(), accept.size()), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(Handshake, WS_004_an_origin_is_the_host_itself_or_listed) {
  const std::vector<std::string> listed = {"https://other.example", "null"};
  bool is_secure = false;
  const auto passes = [&](std::string_view host, std::string_view origin_lines) {
    std::string octets = with("Host: a", "Host: " + std::string(host));
    octets.insert(octets.size() - 2, origin_lines);
    return origin_passes(Request(octets).head(), listed, is_secure);
  };
  EXPECT_TRUE(passes("a.example", ""));
  for (const auto& [host, origin] :
       std::vector<std::pair<std::string, std::string>>{{"a.example", "http://a.example"},
                                                        {"a.example", "https://a.example"},
                                                        {"A.example:80", "http://a.EXAMPLE"},
                                                        {"a.example", "https://a.example:443"},
                                                        {"a.example:8000", "http://a.example:8000"},
                                                        {"[::1]:8000", "http://[::1]:8000"},
                                                        {"a.example", "https://other.example"},
                                                        {"a.example", "null"}}) {
    EXPECT_TRUE(passes(host, "Origin: " + origin + "\r\n")) << host << ' ' << origin;
  }
  for (const auto& [host, origin] :
       std::vector<std::pair<std::string, std::string>>{{"a.example", "http://b.example"},
                                                        {"a.example", "http://a.example:8000"},
                                                        {"a.example:8000", "http://a.example"},
                                                        {"a.example", "http://a.example:443"},
                                                        {"a.example", "http://a.example.evil"},
                                                        {"a.example", "http://evil/a.example"},
                                                        {"a.example", "a.example"},
                                                        {"a.example", "http://a.example/"},
                                                        {"a.example", "https://other.example:444"},
                                                        {"a.example", "HTTPS://other.example"},
                                                        {"a.example", ""}}) {
    EXPECT_FALSE(passes(host, "Origin: " + origin + "\r\n")) << host << ' ' << origin;
  }
  EXPECT_FALSE(passes("a", "Origin: http://a\r\nOrigin: http://a\r\n"));
  const std::vector<std::string> any = {"*"};
  EXPECT_TRUE(origin_passes(Request(handshake("/", "Origin: http://b\r\n")).head(), any, false));
  // The port that the host leaves out is that of the scheme which the client speaks.
  EXPECT_FALSE(passes("a.example:443", "Origin: https://a.example\r\n"));
  is_secure = true;
  EXPECT_TRUE(passes("a.example:443", "Origin: https://a.example\r\n"));
  EXPECT_FALSE(passes("a.example:80", "Origin: http://a.example:443\r\n"));
}

TEST(Handshake, WS_005_a_subprotocol_that_is_offered) {
  const Request request(
      handshake("/", "Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Protocol: c\r\nX: d\r\n"));
  for (const char* protocol : {"a", "b", "c"}) {
    EXPECT_TRUE(offers_protocol(request.head(), protocol)) << protocol;
  }
  for (const char* protocol : {"", "A", "d", "a, b"}) {
    EXPECT_FALSE(offers_protocol(request.head(), protocol)) << protocol;
  }
}

TEST(Handshake, WS_007_fields_that_are_its_own) {
  for (const char* name : {"Upgrade", "connection", "SEC-WEBSOCKET-ACCEPT", "Sec-WebSocket-X",
                           "Content-Length", "Transfer-Encoding", "Date"}) {
    EXPECT_TRUE(is_handshake_field(name)) << name;
  }
  for (const char* name : {"Set-Cookie", "Sec-WebSocket", "Server"}) {
    EXPECT_FALSE(is_handshake_field(name)) << name;
  }
}

}  // namespace
}  // namespace pelton::http::websocket
