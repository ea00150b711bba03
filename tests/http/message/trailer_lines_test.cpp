#include "http/message/trailer_lines.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pelton::http {
namespace {

std::string read(std::string_view octets) {
  TrailerLines lines(octets);
  std::string all;
  for (FieldView field; lines.next(field);) {
    all.append(field.name).append("=").append(field.value).append(";");
  }
  return all;
}

TEST(TrailerLines, none) {
  EXPECT_EQ(read(""), "");
}

TEST(TrailerLines, one_field_after_the_other) {
  EXPECT_EQ(read("Digest: abc\r\nx:y\r\n"), "Digest=abc;x=y;");
}

TEST(TrailerLines, blanks_around_a_value_are_left_out_and_those_in_it_stay) {
  EXPECT_EQ(read("a: \t b c \t\r\n"), "a=b c;");
  EXPECT_EQ(read("empty:\r\nblank:  \t\r\n"), "empty=;blank=;");
}

TEST(TrailerLines, a_colon_in_a_value_belongs_to_it) {
  EXPECT_EQ(read("at: 12:30\r\n"), "at=12:30;");
}

}  // namespace
}  // namespace pelton::http
