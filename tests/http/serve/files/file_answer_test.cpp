#include "http/serve/files/file_answer.hpp"

#include "static_served.hpp"

namespace pelton::http {
namespace {

TEST(FileAnswer, STA_010_STA_012_are_counted) {
  StaticServed served;
  served.folder.write("a", "0123456789");
  EXPECT_EQ(status_of(served.get("a", "If-Match: \"x\"\r\n")), 412);
  EXPECT_EQ(served.count(Reason::answered_precondition), 1u);
  const std::string beyond = served.get("a", "Range: bytes=10-\r\n");
  EXPECT_EQ(status_of(beyond), 416);
  EXPECT_NE(beyond.find("Content-Range: bytes */10\r\n"), std::string::npos);
  EXPECT_EQ(served.count(Reason::answered_range), 1u);
  EXPECT_EQ(body_of(served.get("a", "Range: bytes=1-2\r\n")), "12");
  EXPECT_EQ(status_of(served.get("a", "If-None-Match: *\r\n")), 304);
}

TEST(FileAnswer, LIM_065_range_count_max_is_the_servers) {
  for (const std::size_t n : {1, 4}) {
    ServerConfig config;
    config.range_count_max = n;
    StaticServed served({}, config);
    served.folder.write("a", octets_of(100));
    // range_count_max at n - 1, n and n + 1
    for (const std::size_t count : {n - 1, n, n + 1}) {
      std::string field = "Range: bytes=99-99";
      for (std::size_t index = 1; index < count; ++index) {
        const std::string octet = std::to_string(3 * index);
        field.append(",").append(octet).append("-").append(octet);
      }
      EXPECT_EQ(status_of(served.get("a", field + "\r\n")), count <= n ? 206 : 200);
    }
    EXPECT_EQ(served.count(Reason::dropped_range), 1u);
  }
}

TEST(FileAnswer, small_files_go_with_their_head) {
  StaticServed served;
  for (const std::size_t bytes : {0, 1, 4096, 32 * 1024 - 1, 32 * 1024, 32 * 1024 + 1}) {
    const std::string octets = octets_of(bytes);
    served.folder.write("a", octets);
    served.engine.calls = 0;
    EXPECT_EQ(body_of(served.get("a")), octets);
    EXPECT_EQ(served.engine.calls != 0, bytes > std::size_t{32} * 1024) << bytes;
    EXPECT_NE(served.get("a", "", "HEAD").find("Content-Length: " + std::to_string(bytes)),
              std::string::npos);
  }
}

TEST(FileAnswer, STA_004_walking_is_counted_once) {
  StaticServed served;
  served.folder.write("a", "x");
  FileRoot::walk_from_now_on(true);
  EXPECT_EQ(body_of(served.get("a")), "x");
  FileRoot::walk_from_now_on(false);
  EXPECT_EQ(served.count(Reason::fallback_openat2), 0u);
}

}  // namespace
}  // namespace pelton::http
