#include "http/serve/files/static_mount.hpp"

#include "static_served.hpp"

namespace pelton::http {
namespace {

TEST(StaticMount, STA_001_STA_007_files_of_a_folder) {
  StaticServed served;
  served.folder.write("a.txt", "hello");
  served.folder.write(".hidden", "x");
  EXPECT_EQ(body_of(served.get("a.txt")), "hello");
  EXPECT_EQ(status_of(served.get(".hidden")), 404);
  EXPECT_EQ(status_of(served.get("%2e%2e/a.txt")), 404);
  EXPECT_EQ(status_of(served.get("absent")), 404);
  EXPECT_EQ(served.count(Reason::answered_not_found), 3u);
  const std::string post = served.get("a.txt", "", "POST");
  EXPECT_EQ(status_of(post), 405);
  EXPECT_NE(post.find("Allow: GET, HEAD\r\n"), std::string::npos);
  EXPECT_EQ(served.count(Reason::answered_method_not_allowed), 1u);
}

TEST(StaticMount, STA_008_a_directory_has_its_slash) {
  StaticServed served({.index_file = "i"});
  served.folder.write("d/i", "index");
  served.folder.write("e/x", "");
  EXPECT_EQ(body_of(served.get("d/")), "index");
  const std::string sent = served.get("d?q=1");
  EXPECT_EQ(status_of(sent), 308);
  EXPECT_NE(sent.find("Location: /f/d/?q=1\r\n"), std::string::npos);
  EXPECT_EQ(status_of(served.get("e")), 404);
  EXPECT_EQ(status_of(served.get("e/")), 404);
  EXPECT_EQ(status_of(served.get("d/i/")), 404);
}

TEST(StaticMount, STA_015_a_sibling_that_is_no_older) {
  StaticServed served;
  served.folder.write("a.js", "plain");
  served.folder.write("a.js.gz", "packed");
  const std::string packed = served.get("a.js", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(body_of(packed), "packed");
  EXPECT_NE(packed.find("Content-Encoding: gzip\r\n"), std::string::npos);
  EXPECT_NE(packed.find("-gz\"\r\n"), std::string::npos);
  EXPECT_EQ(body_of(served.get("a.js")), "plain");
}

TEST(StaticMount, one_page_for_unknown_paths) {
  StaticServed served({.index_file = "index.html", .spa = true});
  served.folder.write("index.html", "app");
  EXPECT_EQ(body_of(served.get("some/where")), "app");
  EXPECT_EQ(status_of(served.get("some/where.js")), 404);
}

}  // namespace
}  // namespace pelton::http
