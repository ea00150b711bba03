#include "http/serve/access_log.hpp"

#include <vector>

#include "http/h1/head_parser.hpp"
#include "http/h1/scan.hpp"
#include "logged.hpp"

namespace pelton::http {
namespace {

struct Line {
  std::string request = "GET /a?b=c HTTP/1.1\r\nHost: h\r\nUser-Agent: t/1\r\nREFERER: r\r\n\r\n";
  std::string route = "/{x}";
  std::uint16_t status = 200;
  Reason reason = Reason::none;
  bool read = true;
  LogFormat::Paint paint = LogFormat::Paint::none;
};

// What a format makes of an exchange.
std::string line_of(std::string_view format, const Line& line) {
  Stats stats;
  VirtualClock clock;
  clock.set_wall_seconds(1'795'272'403);
  clock.advance_ns(5'001'234'567);
  Logged logged(stats, clock);
  auto parsed = LogFormat::parse(format, line.paint);
  EXPECT_TRUE(parsed.has_value());
  logged.logs().enable_access(std::move(*parsed));

  std::vector<Field> fields(100);
  HeadParser parser(HeadLimits{}, fields, scanner_for(CpuFeatures::of_this_machine()));
  parser.reset();
  EXPECT_EQ(parser.parse(line.request), Verdict::complete);
  RouteSettings route;
  route.path = line.route;
  FixedEnds ends;
  const RequestHead unread;
  logged.logs().access->write({.request = line.read ? parser.head() : unread,
                               .route = line.route.empty() ? nullptr : &route,
                               .ends = ends,
                               .status = line.status,
                               .reason = line.reason,
                               .body_bytes = 1234,
                               .began_ns = 5'000'000'000});
  return logged.access();
}

TEST(AccessLog, combined) {
  EXPECT_EQ(line_of("combined", {}),
            "192.0.2.7 - - [21/Nov/2026:14:46:43 +0000] \"GET /a?b=c HTTP/1.1\" 200 1234 \"r\" "
            "\"t/1\"\n");
}

TEST(AccessLog, a_terminal_gets_the_status_in_the_colour_of_its_class) {
  const auto painted = [](std::string_view format, std::uint16_t status) {
    return line_of(format, {.status = status, .paint = LogFormat::Paint::status});
  };
  EXPECT_EQ(painted("{path} {status}.", 200), "/a \x1b[32m200\x1b[0m.\n");
  EXPECT_EQ(painted("{status}", 101), "\x1b[32m101\x1b[0m\n");
  EXPECT_EQ(painted("{status}", 304), "\x1b[36m304\x1b[0m\n");
  EXPECT_EQ(painted("{status}", 404), "\x1b[33m404\x1b[0m\n");
  EXPECT_EQ(painted("{status}", 500), "\x1b[31m500\x1b[0m\n");
  EXPECT_EQ(painted("{status}", 0), "\x1b[31m-\x1b[0m\n");
  EXPECT_TRUE(painted("combined", 200).contains("\x1b[32m200\x1b[0m"));
  EXPECT_FALSE(painted("json", 200).contains("\x1b"));
}

TEST(AccessLog, PRC_051_a_refused_request_has_its_line_and_its_reason) {
  EXPECT_EQ(
      line_of("combined",
              {.route = "", .status = 400, .reason = Reason::refused_line_bare_lf, .read = false}),
      "192.0.2.7 - - [21/Nov/2026:14:46:43 +0000] \"-\" 400 1234 \"-\" \"-\" line_bare_lf\n");
}

TEST(AccessLog, json) {
  EXPECT_EQ(line_of("json", {}),
            "{\"time\":\"2026-11-21T14:46:43Z\",\"level\":\"info\",\"client\":\"192.0.2.7\","
            "\"method\":\"GET\",\"path\":\"/a\",\"route\":\"/{x}\",\"status\":200,\"reason\":null,"
            "\"bytes\":1234,\"duration_ms\":1.234,\"protocol\":\"HTTP/1.1\",\"user_agent\":\"t/1\""
            "}\n");
  EXPECT_EQ(
      line_of(
          "json",
          {.route = "", .status = 408, .reason = Reason::refused_header_timeout, .read = false}),
      "{\"time\":\"2026-11-21T14:46:43Z\",\"level\":\"info\",\"client\":\"192.0.2.7\","
      "\"method\":null,\"path\":null,\"route\":null,\"status\":408,"
      "\"reason\":\"header_timeout\",\"bytes\":1234,\"duration_ms\":1.234,"
      "\"protocol\":null,\"user_agent\":null}\n");
}

TEST(AccessLog, a_format_of_ones_own) {
  EXPECT_EQ(
      line_of("{time} {target} {query} {host} {header:user-agent} {header:none} {reason}", {}),
      "2026-11-21T14:46:43Z /a?b=c b=c h t/1 - -\n");
}

TEST(AccessLog, H1_097_values_are_escaped_and_cut_at_1_kib) {
  const auto agent = [](const std::string& value) {
    return Line{.request = "GET / HTTP/1.0\r\nUser-Agent: " + value + "\r\n\r\n"};
  };
  EXPECT_EQ(line_of("{user_agent} {protocol}", agent("\xe9\"")), "\\xe9\\x22 HTTP/1.0\n");
  EXPECT_EQ(line_of("json", agent("\xe9\"")).find("\\\\xe9\\\\x22") != std::string::npos, true);
  // n - 1, n and n + 1
  for (const std::size_t bytes : {1023u, 1024u, 1025u}) {
    EXPECT_EQ(line_of("{user_agent}", agent(std::string(bytes, '"'))).size(),
              std::min<std::size_t>(bytes, 1024) * 4 + 1);
  }
}

}  // namespace
}  // namespace pelton::http
