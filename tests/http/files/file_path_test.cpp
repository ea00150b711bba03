#include "http/files/file_path.hpp"

#include <gtest/gtest.h>

namespace pelton::http {
namespace {

std::string named(std::string_view raw) {
  std::string path;
  switch (read_file_path(raw, path)) {
    case NamedPath::nothing:
      return "-";
    case NamedPath::file:
      return path;
    case NamedPath::directory:
      return path + "/";
  }
  return "";
}

TEST(FilePath, STA_001_segments_are_decoded_once) {
  EXPECT_EQ(named("a.js"), "a.js");
  EXPECT_EQ(named("a/b%20c/d"), "a/b c/d");
  EXPECT_EQ(named("%61/%25%36%31"), "a/%61");
  EXPECT_EQ(named("gr%C3%BC%C3%9Fe"),
            "gr\xC3\xBC\xC3\x9F"
            "e");
  EXPECT_EQ(named(""), "/");
  EXPECT_EQ(named("a/"), "a/");
  EXPECT_EQ(named(".well-known/acme/x"), ".well-known/acme/x");
  EXPECT_EQ(named("a%2"), "a%2");
}

TEST(FilePath, STA_001_what_names_nothing) {
  for (const char* raw : {"/",        "//",
                          "a//b",     "a//",
                          ".",        "..",
                          "../a",     "a/..",
                          "a/./b",    "%2e%2e/a",
                          "%2E./a",   ".%2e/a",
                          "a%2fb",    "a%5cb",
                          "a\\b",     "a%00b",
                          "%00",      ".git/config",
                          "a/.git",   ".env",
                          "%2eenv",   "a/.well-known/b",
                          "%FF",      "a/%C0%AE%C0%AE/b",
                          "%ED%A0%80"}) {
    EXPECT_EQ(named(raw), "-") << raw;
  }
}

TEST(FilePath, STA_001_segments_and_paths_have_an_end) {
  const std::size_t n = 255;
  EXPECT_NE(named(std::string(n - 1, 'a')), "-");
  EXPECT_NE(named(std::string(n, 'a')), "-");
  EXPECT_EQ(named(std::string(n + 1, 'a')), "-");
  std::string deep;
  while (deep.size() < 5000) deep += "abcdefgh/";
  EXPECT_EQ(named(deep), "-");
}

}  // namespace
}  // namespace pelton::http
