#include "http/routing/route_table.hpp"

#include <gtest/gtest.h>

#include "tests/http/routing/routes.hpp"

namespace noria::http {
namespace {

TEST(RouteTable, literals_parameters_and_converters) {
  Routes routes({"GET /", "GET /users/me", "GET /users/{id:int}", "GET /files/{rest:path}",
                 "GET /price/{x:float}", "GET /u/{u:uuid}", "GET /s/{s:regex([a-c]{2,3})}",
                 "GET /docs/{name}.json", "GET /v{n:int}/x", "GET /any/{a}/{b}"});
  EXPECT_EQ(routes("GET /"), "/");
  EXPECT_EQ(routes("GET /users/me"), "/users/me");
  EXPECT_EQ(routes("GET /users/7"), "/users/{id:int} 7=7");
  EXPECT_EQ(routes("GET /users/x"), "404");
  EXPECT_EQ(routes("GET /files/a/b%2Fc"), "/files/{rest:path} a/b/c");
  EXPECT_EQ(routes("GET /files/"), "/files/{rest:path} ");
  EXPECT_EQ(routes("GET /files"), "404");
  EXPECT_EQ(routes("GET /price/-1.50"), "/price/{x:float} -1.50=-1.500000");
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
}

}  // namespace
}  // namespace noria::http
