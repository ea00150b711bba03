#include "http/h1/known_field.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <string>

namespace pelton::http {
namespace {

FieldName known(const std::string& name) {
  return known_field(name.data(), name.size());
}

TEST(KnownField, H1_035_names_are_recognised_in_any_case) {
  const std::pair<const char*, FieldName> rows[] = {
      {"Host", FieldName::host},
      {"Content-Length", FieldName::content_length},
      {"Transfer-Encoding", FieldName::transfer_encoding},
      {"Content-Type", FieldName::content_type},
      {"Authorization", FieldName::authorization},
      {"Expect", FieldName::expect},
      {"Connection", FieldName::connection},
      {"Upgrade", FieldName::upgrade},
      {"Cookie", FieldName::cookie},
  };
  for (const auto& [name, field] : rows) {
    std::string text = name;
    EXPECT_EQ(known(text), field) << text;
    for (char& octet : text) octet = static_cast<char>(std::toupper(octet));
    EXPECT_EQ(known(text), field) << text;
    for (char& octet : text) octet = static_cast<char>(std::tolower(octet));
    EXPECT_EQ(known(text), field) << text;
    // One octet off, in all 255 ways at every place: only the other case of a letter is the same.
    for (std::size_t at = 0; at < text.size(); ++at) {
      const char lower = text[at];
      for (int value = 1; value < 256; ++value) {
        text[at] = static_cast<char>(lower ^ value);
        const bool other_case = value == 0x20 && std::isalpha(lower) != 0;
        EXPECT_EQ(known(text), other_case ? field : FieldName::other) << text;
      }
      text[at] = lower;
    }
    EXPECT_EQ(known(text + "x"), FieldName::other);
    EXPECT_EQ(known(text.substr(1)), FieldName::other);
  }
  EXPECT_EQ(known(""), FieldName::other);
  EXPECT_EQ(known("x"), FieldName::other);
  EXPECT_EQ(known(std::string(300, 'x')), FieldName::other);
}

}  // namespace
}  // namespace pelton::http
