#include "http/message/ready_head.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pelton::http {
namespace {

std::string text_of(const ReadyHead& head) {
  std::vector<char> room(head.room_bytes());
  head.copy_to(room.data());
  return std::string(room.data(), head.bytes());
}

TEST(ReadyHead, is_the_head_up_to_the_length) {
  for (std::size_t bytes = 1; bytes < 200; ++bytes) {
    const std::string type(bytes, 't');
    const ReadyHead head(404, type);
    EXPECT_TRUE(head.is_plain());
    EXPECT_EQ(text_of(head),
              "HTTP/1.1 404 Not Found\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
              "Content-Type: " +
                  type + "\r\nContent-Length: ");
    EXPECT_EQ(text_of(head).substr(head.date_at(), 29), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(head.parts().status, 404);
    EXPECT_EQ(head.parts().content_type->text(), type);
  }
}

TEST(ReadyHead, RSP_001_is_not_plain_where_no_body_follows_or_no_response_may) {
  for (const std::uint16_t status : {99, 100, 199, 204, 205, 304, 600}) {
    EXPECT_FALSE(ReadyHead(status, "a/b").is_plain()) << status;
  }
  EXPECT_FALSE(ReadyHead(200, "a/b\r\nc: d").is_plain());
}

}  // namespace
}  // namespace pelton::http
