#include "http/routing/route_table.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/http/routing/routes.hpp"
#include "tests/support/allocations.hpp"

namespace pelton::http {
namespace {

TEST(RouteTable, literals_parameters_and_converters) {
  Routes routes({"GET /", "GET /users/me", "GET /users/{id:int}", "GET /files/{rest:path}",
                 "GET /price/{x:float}", "GET /u/{u:uuid}", "GET /s/{s:regex([a-c]{2,3})}",
                 "GET /docs/{name}.json", "GET /v{n:int}/x", "GET /any/{a}/{b}"});
  EXPECT_EQ(routes("GET /"), "/");
  EXPECT_EQ(routes("GET /users/me"), "/users/me");
  EXPECT_EQ(routes("GET /users/7"), "/users/{id:int} 7=7");
  EXPECT_EQ(routes("GET /users/x"), "404");
  EXPECT_EQ(routes("GET /users/9223372036854775808"), "404");
  EXPECT_EQ(routes("GET /Users/me"), "404");
  EXPECT_EQ(routes("GET /files/a/b%2Fc"), "/files/{rest:path} a/b/c");
  EXPECT_EQ(routes("GET /files/"), "/files/{rest:path} ");
  EXPECT_EQ(routes("GET /files//"), "/files/{rest:path} /");
  EXPECT_EQ(routes("GET /files"), "404");
  EXPECT_EQ(routes("GET /price/-1.50"), "/price/{x:float} -1.50=-1.500000");
  EXPECT_EQ(routes("GET /price/1e3"), "404");
  EXPECT_EQ(routes("GET /u/01234567-89ab-cdef-0123-456789ABCDEF"),
            "/u/{u:uuid} 01234567-89ab-cdef-0123-456789ABCDEF");
  EXPECT_EQ(routes("GET /s/abc"), "/s/{s:regex([a-c]{2,3})} abc");
  EXPECT_EQ(routes("GET /s/abcd"), "404");
  EXPECT_EQ(routes("GET /docs/a.json"), "/docs/{name}.json a");
  EXPECT_EQ(routes("GET /docs/.json"), "404");
  EXPECT_EQ(routes("GET /v12/x"), "/v{n:int}/x 12=12");
  EXPECT_EQ(routes("GET /any/1/2"), "/any/{a}/{b} 1 2");
  EXPECT_EQ(routes("GET /any/1/"), "404");
  EXPECT_EQ(routes("GET /any//2"), "404");
  EXPECT_EQ(routes("GET any/1/2"), "404");
  EXPECT_EQ(routes("GET "), "404");
}

TEST(RouteTable, a_catch_all_answers_any_method_and_target) {
  Router router;
  ASSERT_TRUE(add_line(router, "GET /own"));
  RouteSettings hosted;
  hosted.streams_body = true;
  hosted.path = "hosted";
  const RouteTable table = router.freeze({.catch_all = hosted});
  MatchScratch scratch;
  EXPECT_EQ(table.match(head_of("GET /own"), scratch).route->path, "/own");
  for (const char* const request : {"POST /own", "GET /other", "PURGE /own", "TRACE /", "OPTIONS *",
                                    "OPTIONS /own", "GET /%ff", "GET /a/../b", "HEAD /other"}) {
    const Match match = table.match(head_of(request), scratch);
    EXPECT_EQ(match.outcome, MatchOutcome::found) << request;
    EXPECT_EQ(match.found_route()->path, "hosted") << request;
    EXPECT_TRUE(match.route->streams_body);
    EXPECT_FALSE(match.head_of_get);
  }
  EXPECT_EQ(table.match(head_of("GET /a%2Fb"), scratch).location, "/a%2Fb");
}

TEST(RouteTable, a_catch_all_of_websockets_answers_those_that_no_route_takes) {
  Router router;
  ASSERT_TRUE(add_line(router, "GET /own"));
  ASSERT_TRUE(router.add_websocket("/own", {}));
  RouteSettings hosted;
  hosted.is_websocket = true;
  hosted.path = "hosted";
  const RouteTable table = router.freeze({.websocket_catch_all = hosted});
  MatchScratch scratch;
  const Match own = table.match_websocket(head_of("GET /own"), scratch);
  ASSERT_EQ(own.outcome, MatchOutcome::found);
  EXPECT_NE(own.route->path, "hosted");
  for (const char* const request : {"GET /", "GET /other", "GET /%ff", "GET /own/"}) {
    const Match match = table.match_websocket(head_of(request), scratch);
    ASSERT_EQ(match.outcome, MatchOutcome::found) << request;
    EXPECT_EQ(match.route->path, "hosted") << request;
    EXPECT_TRUE(match.route->is_websocket);
  }
  EXPECT_EQ(table.match_websocket(head_of("GET /a%2Fb"), scratch).location, "/a%2Fb");
  EXPECT_EQ(table.match(head_of("GET /other"), scratch).outcome, MatchOutcome::not_found);
  EXPECT_EQ(router.freeze({}).match_websocket(head_of("GET /"), scratch).outcome,
            MatchOutcome::not_found);
}

TEST(RouteTable, priority_within_a_segment) {
  Routes routes({"GET /{a}", "GET /{a:path}", "GET /{a:regex(.*[01].*)}", "GET /{a:regex(1.*)}",
                 "GET /{a:float}", "GET /{a:int}", "GET /{a:uuid}", "GET /x{a}", "GET /x{a}y",
                 "GET /xx{a}", "GET /{a}y", "GET /x{a:int}", "GET /x1"});
  EXPECT_EQ(routes("GET /x1"), "/x1");
  EXPECT_EQ(routes("GET /x2"), "/x{a:int} 2=2");
  EXPECT_EQ(routes("GET /xx2"), "/xx{a} 2");
  EXPECT_EQ(routes("GET /xxy"), "/xx{a} y");
  EXPECT_EQ(routes("GET /xay"), "/x{a}y a");
  EXPECT_EQ(routes("GET /xa"), "/x{a} a");
  EXPECT_EQ(routes("GET /ay"), "/{a}y a");
  EXPECT_EQ(routes("GET /01234567-89ab-cdef-0123-456789ABCDEF"),
            "/{a:uuid} 01234567-89ab-cdef-0123-456789ABCDEF");
  EXPECT_EQ(routes("GET /12"), "/{a:int} 12=12");
  EXPECT_EQ(routes("GET /1.5"), "/{a:float} 1.5=1.500000");
  EXPECT_EQ(routes("GET /1a"), "/{a:regex(.*[01].*)} 1a");
  EXPECT_EQ(routes("GET /a2"), "/{a} a2");
  EXPECT_EQ(routes("GET /x"), "/{a} x");
  EXPECT_EQ(routes("GET /"), "/{a:path} ");
  EXPECT_EQ(routes("GET /a/b"), "/{a:path} a/b");
}

TEST(RouteTable, registration_order_counts_among_regexes_only) {
  Routes one({"GET /{a:regex([ab]+)}", "GET /{a:regex([bc]+)}", "GET /{a}", "GET /b"});
  Routes other({"GET /b", "GET /{a}", "GET /{a:regex([bc]+)}", "GET /{a:regex([ab]+)}"});
  EXPECT_EQ(one("GET /bb"), "/{a:regex([ab]+)} bb");
  EXPECT_EQ(other("GET /bb"), "/{a:regex([bc]+)} bb");
  for (const std::string_view request : {"GET /b", "GET /x", "GET /a", "GET /c"}) {
    EXPECT_EQ(one(request), other(request));
  }
}

TEST(RouteTable, a_better_branch_that_leads_nowhere_is_left_again) {
  Routes routes({"GET /a/{x:int}/b/c", "GET /a/{x:int}/{y}/d", "GET /a/{x}/b/e", "GET /{p:path}",
                 "POST /a/1/b/e"});
  EXPECT_EQ(routes("GET /a/1/b/c"), "/a/{x:int}/b/c 1=1");
  EXPECT_EQ(routes("GET /a/1/b/d"), "/a/{x:int}/{y}/d 1=1 b");
  EXPECT_EQ(routes("GET /a/1/b/e"), "/a/{x}/b/e 1");
  EXPECT_EQ(routes("GET /a/1/b/f"), "/{p:path} a/1/b/f");
  EXPECT_EQ(routes("GET /a/1/b"), "/{p:path} a/1/b");
}

TEST(RouteTable, the_best_path_that_has_the_method_wins) {
  Routes routes({"GET /users/me", "POST /users/{id}", "DELETE /users/{id:int}", "PUT /{p:path}"});
  EXPECT_EQ(routes("GET /users/me"), "/users/me");
  EXPECT_EQ(routes("POST /users/me"), "/users/{id} me");
  EXPECT_EQ(routes("POST /users/7"), "/users/{id} 7");
  EXPECT_EQ(routes("PUT /users/7"), "/{p:path} users/7");
}

TEST(RouteTable, H1_013_known_but_absent_here_is_405_with_the_union_of_methods) {
  Routes routes({"GET /users/me", "POST /users/{id}", "DELETE /users/{id:int}", "PROPFIND /dav",
                 "query /search"});
  EXPECT_EQ(routes("PUT /users/me"), "405 GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(routes("GET /users/7"), "405 DELETE, OPTIONS, POST");
  EXPECT_EQ(routes("PROPFIND /users/7"), "405 DELETE, OPTIONS, POST");
  EXPECT_EQ(routes("HEAD /users/7"), "405 DELETE, OPTIONS, POST");
  EXPECT_EQ(routes("GET /dav"), "405 OPTIONS, PROPFIND");
  EXPECT_EQ(routes("PROPFIND /dav"), "/dav");
  EXPECT_EQ(routes("QUERY /search"), "/search");
  EXPECT_EQ(routes("PUT /nowhere"), "404");
}

TEST(RouteTable, H1_014_an_unknown_method_is_501_wherever_it_goes) {
  Routes routes({"GET /a", "PROPFIND /dav"});
  for (const std::string_view request : {"MKCOL /a", "get /a", "propfind /dav", "CONNECT /a",
                                         "MKCOL /nowhere", "MKCOL /%FF", "GETT /a"}) {
    EXPECT_EQ(routes(request), "501") << request;
  }
}

TEST(RouteTable, H1_017_trace_is_405_and_says_what_would_do) {
  Routes routes({"GET /a", "POST /{x}"});
  EXPECT_EQ(routes("TRACE /a"), "TRACE GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(routes("TRACE /a/b"), "TRACE ");
  EXPECT_EQ(routes("TRACE /%FF"), "TRACE ");
}

TEST(RouteTable, every_get_answers_head_unless_a_head_route_does) {
  Routes routes({"GET /a", "GET /b/{x}", "HEAD /b/{x:int}", "POST /c"});
  EXPECT_EQ(routes("HEAD /a"), "HEAD of /a");
  EXPECT_EQ(routes("HEAD /b/x"), "HEAD of /b/{x} x");
  EXPECT_EQ(routes("HEAD /b/7"), "/b/{x:int} 7=7");
  EXPECT_EQ(routes("HEAD /c"), "405 OPTIONS, POST");
  EXPECT_EQ(routes("HEAD /d"), "404");
}

TEST(RouteTable, options_is_automatic_unless_a_route_does) {
  Routes routes({"GET /a", "POST /a", "OPTIONS /b/{x}", "PUT /b/1"});
  EXPECT_EQ(routes("OPTIONS /a"), "204 GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(routes("OPTIONS /b/1"), "/b/{x} 1");
  EXPECT_EQ(routes("OPTIONS /c"), "404");
  EXPECT_EQ(routes("OPTIONS *"), "204 GET, HEAD, OPTIONS, POST, PUT");
  EXPECT_EQ(routes("GET *"), "404");
  Routes empty({});
  EXPECT_EQ(empty("OPTIONS *"), "204 OPTIONS");
  EXPECT_EQ(empty("GET /"), "404");
}

TEST(RouteTable, URL_001_segments_are_split_first_and_decoded_once) {
  Routes routes({"GET /a/b", "GET /{x}", "GET /caf\xC3\xA9", "GET /100%", "GET /p/{x}/{y:path}"});
  EXPECT_EQ(routes("GET /a%2Fb"), "/{x} a/b");
  EXPECT_EQ(routes("GET /%61/%62"), "/a/b");
  EXPECT_EQ(routes("GET /a%252Fb"), "/{x} a%2Fb");
  EXPECT_EQ(routes("GET /caf%C3%A9"), "/caf\xC3\xA9");
  EXPECT_EQ(routes("GET /caf%c3%a9"), "/caf\xC3\xA9");
  EXPECT_EQ(routes("GET /100%25"), "/100%");
  EXPECT_EQ(routes("GET /a+b"), "/{x} a+b");
  EXPECT_EQ(routes("GET /p/%20/%2F/%2e%2e%2f"), "/p/{x}/{y:path}   //../");
  EXPECT_EQ(routes("GET /a%3Fb"), "/{x} a?b");
}

TEST(RouteTable, URL_002_decoded_segments_are_utf8) {
  Routes routes({"GET /a/{x}", "GET /{p:path}"});
  EXPECT_EQ(routes("GET /a/%C3%A9"), "/a/{x} \xC3\xA9");
  for (const std::string_view path : {"/a/%FF", "/a/%C3", "/a/%C0%80", "/a/%ED%A0%80", "/%C3/%A9",
                                      "/x/y/%F4%90%80%80", "/%80/a"}) {
    EXPECT_EQ(routes(std::string("GET ").append(path)), "400") << path;
    EXPECT_EQ(routes(std::string("POST ").append(path)), "400") << path;
  }
}

TEST(RouteTable, URL_003_dot_segments_match_nothing_and_nothing_is_merged) {
  Routes routes({"GET /{p:path}", "GET /a/b", "GET /a/../b", "GET /.", "GET /x//y"});
  for (const std::string_view path : {"/.", "/..", "/a/../b", "/a/./b", "/a/b/..", "/%2e",
                                      "/a/%2E%2e/b", "/.%2e/a", "/a/.", "/../"}) {
    EXPECT_EQ(routes(std::string("GET ").append(path)), "404") << path;
  }
  EXPECT_EQ(routes("GET //a/b"), "/{p:path} /a/b");
  EXPECT_EQ(routes("GET /a//b"), "/{p:path} a//b");
  EXPECT_EQ(routes("GET /x//y"), "/x//y");
  EXPECT_EQ(routes("GET /.../..a"), "/{p:path} .../..a");
}

TEST(RouteTable, strict_slashes_differ) {
  Routes routes({"GET /a", "GET /b/"});
  EXPECT_EQ(routes("GET /a/"), "404");
  EXPECT_EQ(routes("GET /b"), "404");
}

TEST(RouteTable, redirected_slashes) {
  Routes routes({"GET /a", "POST /b/", "GET /u/{id:int}", "GET /f/{p:path}", "GET /c", "PUT /c/"},
                TrailingSlash::redirect);
  EXPECT_EQ(routes("GET /a"), "/a");
  EXPECT_EQ(routes("GET /a/"), "308 /a");
  EXPECT_EQ(routes("GET /a/?x=1&y=%20"), "308 /a?x=1&y=%20");
  EXPECT_EQ(routes("HEAD /a/"), "308 /a");
  EXPECT_EQ(routes("OPTIONS /a/"), "308 /a");
  EXPECT_EQ(routes("POST /a/"), "404");
  EXPECT_EQ(routes("POST /b"), "308 /b/");
  EXPECT_EQ(routes("GET /b"), "404");
  EXPECT_EQ(routes("GET /%75/7/"), "308 /%75/7");
  EXPECT_EQ(routes("GET /u/x/"), "404");
  EXPECT_EQ(routes("GET /f"), "308 /f/");
  EXPECT_EQ(routes("GET /"), "404");
  EXPECT_EQ(routes("GET /a//"), "404");
  EXPECT_EQ(routes("GET /../a/"), "404");
  EXPECT_EQ(routes("PUT /c"), "405 GET, HEAD, OPTIONS");
}

TEST(RouteTable, H1_026_a_location_never_names_a_host) {
  Routes routes({"GET //evil/x", "GET /{a}/{b}/"}, TrailingSlash::redirect);
  EXPECT_EQ(routes("GET //evil/x/"), "404");
  EXPECT_EQ(routes("GET //evil/x"), "//evil/x");
  EXPECT_EQ(routes("GET /%2Fevil/x"), "308 /%2Fevil/x/");
}

TEST(RouteTable, values_are_spans_of_the_target) {
  Routes routes({"GET /a/{x}", "GET /b/{x:path}"});
  const std::string_view request = "GET /a/7?q=1";
  for (const Match& match :
       {routes.table().match(head_of(request), routes.scratch()),
        routes.table().match("GET", request.substr(4, 4), "", routes.scratch())}) {
    ASSERT_EQ(match.values.size(), 1u);
    EXPECT_EQ(match.values[0].text, "7");
    EXPECT_EQ(match.values[0].text.data(), request.data() + 7);
  }
}

TEST(RouteTable, one_scratch_serves_tables_of_any_depth) {
  Routes shallow({"GET /{a}"});
  Routes deep({"GET /{a}/{b}/{c}/{d}/{e}/{f}"});
  MatchScratch scratch;
  EXPECT_EQ(shallow.table().match("GET", "/1", "", scratch).values.size(), 1u);
  EXPECT_EQ(deep.table().match("GET", "/1/2/3/4/5/6", "", scratch).values.size(), 6u);
  EXPECT_EQ(shallow.table().match("GET", "/1", "", scratch).values.size(), 1u);
  EXPECT_EQ(shallow.table().match("GET", "/1/2/3/4/5/6", "", scratch).values.size(), 0u);
}

TEST(RouteTable, as_many_values_as_there_is_room_for) {
  std::string text;
  std::string path;
  for (std::size_t count = 0; count < path_values_max; ++count) {
    text.append("/{p").append(std::to_string(count)).append(":int}");
    path.append("/").append(std::to_string(count));
  }
  const std::vector<std::string> lines = {"GET " + text};
  Routes routes(lines);
  const Match match = routes.table().match("GET", path, "", routes.scratch());
  ASSERT_EQ(match.values.size(), path_values_max);
  for (std::size_t count = 0; count < path_values_max; ++count) {
    EXPECT_EQ(match.values[count].integer, static_cast<std::int64_t>(count));
  }
}

TEST(RouteTable, a_steady_state_allocates_nothing) {
  Routes routes({"GET /users/me", "GET /users/{id:int}", "GET /p/{x}/{y:path}", "POST /q/",
                 "GET /r{a:float}.x"},
                TrailingSlash::redirect);
  std::vector<std::string> requests;
  for (const char* const method : {"GET", "HEAD", "POST", "OPTIONS", "TRACE", "MKCOL"}) {
    for (const char* const target :
         {"/users/me", "/users/7", "/p/a%20b/c/d%2Fe", "/q?some=query", "/r1.5.x", "/nowhere",
          "/%FF", "/../", "*", "/users/9999999999999999999"}) {
      requests.push_back(std::string(method).append(" ").append(target));
    }
  }
  const auto all = [&] {
    std::size_t seen = 0;
    for (const std::string& request : requests) {
      const RequestHead head = head_of(request);
      const Match match = routes.table().match(head, routes.scratch());
      seen += match.values.size() + match.allow.size() + match.location.size();
    }
    return seen;
  };
  const std::size_t seen = all();
  const std::uint64_t before = support::allocations();
  EXPECT_EQ(all(), seen);
  EXPECT_EQ(support::allocations(), before);
}

TEST(RouteTable, WS_001_websocket_routes_are_found_by_who_asks_for_them) {
  Router router;
  const std::string_view get = "GET";
  ASSERT_TRUE(router.add({&get, 1}, "/both/{id:int}"));
  ASSERT_TRUE(router.add_websocket("/both/{id:int}"));
  ASSERT_TRUE(router.add_websocket("/only"));
  const RouteTable table = router.freeze({.trailing_slash = TrailingSlash::redirect});
  MatchScratch scratch;
  const auto socket_at = [&](const std::string& path) {
    return table.match_websocket(head_of("GET " + path), scratch);
  };
  EXPECT_EQ(socket_at("/only").route, &table.settings(2));
  const Match both = socket_at("/both/7");
  EXPECT_EQ(both.route, &table.settings(1));
  EXPECT_EQ(both.values[0].integer, 7);
  EXPECT_EQ(table.match("GET", "/both/7", "", scratch).route, &table.settings(0));
  for (const char* path : {"/both/x", "/only/", "/", "/%FF", "/../only"}) {
    EXPECT_EQ(socket_at(path).outcome, MatchOutcome::not_found) << path;
  }
  const auto plain = [&](std::string_view method, std::string_view path) {
    return table.match(method, path, "", scratch);
  };
  for (const char* method : {"GET", "HEAD", "POST", "OPTIONS"}) {
    EXPECT_EQ(plain(method, "/only").outcome, MatchOutcome::websocket_required) << method;
  }
  EXPECT_EQ(plain("POST", "/both/7").allow, "GET, HEAD, OPTIONS");
  EXPECT_EQ(plain("GET", "/only/").outcome, MatchOutcome::not_found);
  EXPECT_EQ(plain("TRACE", "/only").allow, "");
  EXPECT_EQ(plain("OPTIONS", "*").allow, "GET, HEAD, OPTIONS");
}

TEST(RouteTable, H1_073_without_websocket_routes_none_is_found) {
  Routes routes({"GET /a"});
  EXPECT_EQ(routes.table().match_websocket(head_of("GET /a"), routes.scratch()).outcome,
            MatchOutcome::not_found);
}

}  // namespace
}  // namespace pelton::http
