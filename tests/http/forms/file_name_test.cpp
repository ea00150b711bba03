#include "http/forms/file_name.hpp"

#include <gtest/gtest.h>

namespace pelton::http {
namespace {

TEST(FileName, FRM_008_the_last_component_without_controls) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"a.txt", "a.txt"},
      {"../../etc/passwd", "passwd"},
      {"C:\\Users\\a\\b.txt", "b.txt"},
      {"a/b\\c/d", "d"},
      {"/", ""},
      {"a/", ""},
      {".", ""},
      {"..", ""},
      {"x/..", ""},
      {"...", "..."},
      {".hidden", ".hidden"},
      {"", ""},
      {"\xc3\xa4.png", "\xc3\xa4.png"},
      {" a ", " a "},
  };
  for (const auto& [sent, offered] : rows) EXPECT_EQ(offered_file_name(sent), offered) << sent;
  using namespace std::string_view_literals;
  EXPECT_EQ(offered_file_name("a\0b\r\n\t\x7f.txt"sv), "ab.txt");
  EXPECT_EQ(offered_file_name(".\0."sv), "");
}

}  // namespace
}  // namespace pelton::http
