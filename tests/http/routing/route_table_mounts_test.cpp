#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/routing/route_table.hpp"
#include "tests/http/routing/routes.hpp"

namespace pelton::http {
namespace {

struct Below {
  std::string prefix;
  std::vector<std::string> lines;
  TrailingSlash trailing_slash = TrailingSlash::strict;
};

RouteTable table_of(const std::vector<std::string>& lines, std::string_view name,
                    TrailingSlash trailing_slash, std::vector<Mount> mounts) {
  Router router;
  for (const std::string& line : lines) {
    const auto added = add_line(router, line);
    EXPECT_TRUE(added);
    router.settings(*added).path.insert(0, name);
  }
  return router.freeze({.trailing_slash = trailing_slash, .mounts = std::move(mounts)});
}

Mount mount_of(const Below& below, std::vector<Mount> mounts = {}) {
  const std::string name = below.prefix + ": ";
  RouteSettings unmatched;
  unmatched.path = name;
  return {below.prefix,
          std::make_shared<const RouteTable>(
              table_of(below.lines, name, below.trailing_slash, std::move(mounts))),
          std::move(unmatched)};
}

class Mounted {
 public:
  explicit Mounted(const std::vector<std::string>& lines, std::vector<Mount> mounts,
                   TrailingSlash trailing_slash = TrailingSlash::strict)
      : table_(table_of(lines, "", trailing_slash, std::move(mounts))) {}

  // Who answers and how.
  std::string operator()(std::string_view request) {
    const Match match = table_.match(head_of(request), scratch_);
    std::string line = match.route != nullptr ? match.route->path : "";
    if (match.head_of_get) line += " HEAD";
    for (const PathValue& value : match.values) line.append(" ").append(value.text);
    if (match.outcome == MatchOutcome::not_found) line += "404";
    if (match.outcome == MatchOutcome::method_not_allowed) line += "405";
    if (match.outcome == MatchOutcome::automatic_options) line += "204";
    if (match.outcome == MatchOutcome::method_unknown) line += "501";
    if (match.outcome == MatchOutcome::trace_disabled) line += "TRACE";
    if (match.outcome == MatchOutcome::path_not_utf8) line += "400";
    if (!match.allow.empty()) line.append(" ").append(match.allow);
    if (!match.location.empty()) line.append("308 ").append(match.location);
    return line;
  }

  const RouteTable& table() const { return table_; }
  MatchScratch& scratch() { return scratch_; }

 private:
  RouteTable table_;
  MatchScratch scratch_;
};

TEST(RouteTableMounts, get_what_no_own_route_matches) {
  for (const bool is_alone : {true, false}) {
    std::vector<std::string> own{"GET /", "GET /other/{a}/{b}"};
    if (!is_alone) own.emplace_back("GET /{a}/own");
    Mounted match(own, {mount_of({"/m", {"GET /", "GET /x/{id:int}", "POST /p", "PURGE /x/1"}})});
    EXPECT_EQ(match("GET /"), "/");
    EXPECT_EQ(match("GET /other/1/2"), "/other/{a}/{b} 1 2");
    EXPECT_EQ(match("GET /m/"), "/m: /");
    EXPECT_EQ(match("GET /m/x/7"), "/m: /x/{id:int} 7");
    EXPECT_EQ(match("HEAD /m/x/7"), "/m: /x/{id:int} HEAD 7");
    EXPECT_EQ(match("GET /%6D/x/%37"), "/m: /x/{id:int} 7");
    EXPECT_EQ(match("PURGE /m/x/1"), "/m: /x/1");
    EXPECT_EQ(match("PURGE /other"), "501");
    EXPECT_EQ(match("GET /m"), "/m: 404");
    EXPECT_EQ(match("GET /m/y"), "/m: 404");
    EXPECT_EQ(match("GET /mm/"), "404");
    EXPECT_EQ(match("GET /m/x/.."), "/m: 404");
    EXPECT_EQ(match("GET /m/p"), "/m: 405 OPTIONS, POST");
    EXPECT_EQ(match("OPTIONS /m/p"), "/m: 204 OPTIONS, POST");
    EXPECT_EQ(match("TRACE /m/p"), "/m: TRACE OPTIONS, POST");
    EXPECT_EQ(match("TRACE /m/q"), "/m: TRACE");
    EXPECT_EQ(match("BREW /m/p"), "/m: 501");
    EXPECT_EQ(match("OPTIONS *"), "204 GET, HEAD, OPTIONS, POST, PURGE");
    EXPECT_EQ(match("GET /m/own"), is_alone ? "/m: 404" : "/{a}/own m");
  }
}

TEST(RouteTableMounts, share_a_path_with_own_routes_by_method) {
  Mounted match({"GET /m/x", "GET /m/y"}, {mount_of({"/m", {"POST /x", "GET /x", "PUT /z"}})});
  EXPECT_EQ(match("GET /m/x"), "/m/x");
  EXPECT_EQ(match("POST /m/x"), "/m: /x");
  EXPECT_EQ(match("DELETE /m/x"), "405 GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(match("OPTIONS /m/x"), "204 GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(match("POST /m/y"), "405 GET, HEAD, OPTIONS");
  EXPECT_EQ(match("GET /m/z"), "/m: 405 OPTIONS, PUT");
  EXPECT_EQ(match("GET /m/%FF"), "400");
}

TEST(RouteTableMounts, the_longest_prefix_wins) {
  Mounted match({}, {mount_of({"", {"GET /a/b/c", "GET /z"}}), mount_of({"/a", {"GET /b/c"}}),
                     mount_of({"/a/b", {"GET /d"}})});
  EXPECT_EQ(match("GET /a/b/d"), "/a/b: /d");
  EXPECT_EQ(match("GET /a/b/c"), "/a/b: 404");
  EXPECT_EQ(match("GET /a/c"), "/a: 404");
  EXPECT_EQ(match("GET /z"), ": /z");
  EXPECT_EQ(match("GET /y"), ": 404");
}

TEST(RouteTableMounts, nest) {
  std::vector<Mount> inner{mount_of({"/n", {"GET /x"}})};
  Mounted match({}, {mount_of({"/m", {"GET /x"}}, std::move(inner))});
  EXPECT_EQ(match("GET /m/x"), "/m: /x");
  EXPECT_EQ(match("GET /m/n/x"), "/n: /x");
  EXPECT_EQ(match("GET /m/n/y"), "/n: 404");
  EXPECT_EQ(match("GET /n/x"), "404");
}

TEST(RouteTableMounts, a_catch_all_gets_what_is_left_with_the_rest_of_the_path) {
  Router below;
  RouteSettings all;
  all.path = "all ";
  const auto table = std::make_shared<const RouteTable>(
      below.freeze({.catch_all = all, .websocket_catch_all = all}));
  for (const bool is_alone : {true, false}) {
    std::vector<std::string> own{"GET /"};
    if (!is_alone) own.emplace_back("GET /m/own");
    Mounted match(own, {Mount("/m", table, RouteSettings())});
    EXPECT_EQ(match("GET /m/x"), "all 308 /x");
    EXPECT_EQ(match("GET /m/"), "all 308 /");
    EXPECT_EQ(match("GET /m"), "all ");
    EXPECT_EQ(match("BREW /%6d/%FF"), "all 308 /%FF");
    EXPECT_EQ(match("TRACE /m/../x"), "all 308 /../x");
    EXPECT_EQ(match("GET /m/own"), is_alone ? "all 308 /own" : "/m/own");
    EXPECT_EQ(match("POST /m/own"), "all 308 /own");
    EXPECT_EQ(match("GET /mm"), "404");
    const Match socket = match.table().match_websocket(head_of("GET /m/x"), match.scratch());
    EXPECT_EQ(socket.outcome, MatchOutcome::found);
    EXPECT_EQ(socket.location, "/x");
  }
}

TEST(RouteTableMounts, redirect_as_the_table_below_does) {
  const TrailingSlash redirect = TrailingSlash::redirect;
  Mounted match({"GET /m/own"}, {mount_of({"/m", {"GET /", "GET /x"}, redirect}),
                                 mount_of({"/strict", {"GET /", "GET /x"}})});
  EXPECT_EQ(match("GET /m?q=1"), "/m: 308 /m/?q=1");
  EXPECT_EQ(match("OPTIONS /m"), "/m: 308 /m/");
  EXPECT_EQ(match("POST /m"), "/m: 404");
  EXPECT_EQ(match("GET /%6D/x/?q"), "/m: 308 /%6D/x?q");
  EXPECT_EQ(match("GET /m/own/"), "/m: 404");
  EXPECT_EQ(match("GET /strict"), "/strict: 404");
  EXPECT_EQ(match("GET /strict/x/"), "/strict: 404");
  Mounted outer({"GET /m/own", "GET /m"}, {mount_of({"/m", {"GET /"}})}, redirect);
  EXPECT_EQ(outer("GET /m/own/"), "308 /m/own");
  EXPECT_EQ(outer("GET /m/"), "/m: /");
}

TEST(RouteTableMounts, have_websockets) {
  Router below;
  ASSERT_TRUE(below.add_websocket("/talk/{id:int}"));
  Router own;
  ASSERT_TRUE(own.add_websocket("/m/talk/1"));
  auto table = std::make_shared<const RouteTable>(below.freeze({}));
  const RouteTable routes = own.freeze({.mounts = {Mount("/m", table, {})}});
  MatchScratch scratch;
  const auto socket_at = [&](std::string_view path) {
    return routes.match_websocket(head_of("GET " + std::string(path)), scratch);
  };
  EXPECT_EQ(socket_at("/m/talk/1").route, &routes.settings(0));
  EXPECT_EQ(socket_at("/m/talk/2").route, &table->settings(0));
  EXPECT_EQ(socket_at("/m/talk/2").values[0].integer, 2);
  EXPECT_EQ(socket_at("/m/talk/x").outcome, MatchOutcome::not_found);
  EXPECT_EQ(socket_at("/talk/2").outcome, MatchOutcome::not_found);
  EXPECT_EQ(routes.match(head_of("GET /m/talk/2"), scratch).outcome,
            MatchOutcome::websocket_required);
}

}  // namespace
}  // namespace pelton::http
