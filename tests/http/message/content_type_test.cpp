#include "http/message/content_type.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pelton::http {
namespace {

std::string line_of(const ContentType& type) {
  std::vector<char> room(type.room_bytes());
  char* const end = type.write_line(room.data());
  return std::string(room.data(), end);
}

TEST(ContentType, is_its_line_at_every_length) {
  for (std::size_t bytes = 0; bytes < 200; ++bytes) {
    const std::string text(bytes, 't');
    const ContentType type(text);
    EXPECT_TRUE(type.is_field_value());
    EXPECT_EQ(type.text(), text);
    EXPECT_EQ(line_of(type), "Content-Type: " + text + "\r\n");
  }
}

TEST(ContentType, RSP_011_knows_what_is_no_field_value) {
  EXPECT_FALSE(ContentType("text/plain\r\nX: y").is_field_value());
  EXPECT_FALSE(ContentType(std::string_view("a\0b", 3)).is_field_value());
  EXPECT_TRUE(ContentType("text/plain; charset=utf-8").is_field_value());
}

TEST(ContentType, may_be_copied_and_moved) {
  ContentType type("a/b");
  ContentType copy = type;
  const ContentType moved = std::move(copy);
  EXPECT_EQ(line_of(moved), line_of(type));
}

}  // namespace
}  // namespace pelton::http
