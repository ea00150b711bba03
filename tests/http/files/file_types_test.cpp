#include "http/files/file_types.hpp"

#include <gtest/gtest.h>

namespace pelton::http {
namespace {

TEST(FileTypes, STA_016_by_the_end_of_the_name) {
  EXPECT_EQ(type_of_name("a.html"), "text/html; charset=utf-8");
  EXPECT_EQ(type_of_name("x/y/a.HtMl"), "text/html; charset=utf-8");
  EXPECT_EQ(type_of_name("app.min.js"), "text/javascript; charset=utf-8");
  EXPECT_EQ(type_of_name("a.woff2"), "font/woff2");
  EXPECT_EQ(type_of_name("a.webmanifest"), "application/manifest+json");
  EXPECT_EQ(type_of_name("a.3gp"), "video/3gpp");
  EXPECT_EQ(type_of_name("a.zst"), "application/zstd");
}

TEST(FileTypes, STA_016_unknown_is_octets) {
  for (const char* name : {"", "a", "a.", "html", ".html", "a.unknown", "a.html/b",
                           "a.abcdefghijklmnop", "a.html~", "a.\xC3\xBC"}) {
    EXPECT_EQ(type_of_name(name), "application/octet-stream") << name;
  }
}

TEST(FileTypes, extensions) {
  EXPECT_TRUE(has_extension("a/b.js"));
  EXPECT_FALSE(has_extension("a.b/c"));
  EXPECT_FALSE(has_extension("a."));
  EXPECT_FALSE(has_extension(".a"));
  EXPECT_FALSE(has_extension(""));
}

}  // namespace
}  // namespace pelton::http
