#include "http/message/octets.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <cstring>

namespace pelton::http {
namespace {

TEST(Octets, H1_011_H1_020_H1_033_H1_041_classes) {
  for (int value = 0; value < 256; ++value) {
    const char octet = static_cast<char>(value);
    const bool alnum = value < 128 && std::isalnum(value) != 0;
    const bool symbol = value != 0 && std::strchr("!#$%&'*+-.^_`|~", value) != nullptr;
    EXPECT_EQ(is_tchar(octet), alnum || symbol) << value;
    EXPECT_EQ(octet_is(octet, octet_target), value >= 0x21 && value <= 0x7e && value != '#')
        << value;
    EXPECT_EQ(octet_is(octet, octet_field),
              value == 9 || (value >= 0x20 && value <= 0x7e) || value >= 0x80)
        << value;
    EXPECT_EQ(octet_is(octet, octet_host), alnum || value == '.' || value == '_' || value == '-')
        << value;
    EXPECT_EQ(octet_is(octet, octet_hex), value < 128 && std::isxdigit(value) != 0) << value;
    EXPECT_EQ(octet_is(octet, octet_digit), value >= '0' && value <= '9') << value;
    EXPECT_EQ(octet_is(octet, octet_alpha), value < 128 && std::isalpha(value) != 0) << value;
    EXPECT_EQ(is_blank(octet), value == ' ' || value == '\t') << value;
    EXPECT_EQ(to_lower(octet), value < 128 ? static_cast<char>(std::tolower(value)) : octet)
        << value;
  }
}

TEST(Octets, hex_values) {
  EXPECT_EQ(hex_value('0'), 0u);
  EXPECT_EQ(hex_value('9'), 9u);
  EXPECT_EQ(hex_value('a'), 10u);
  EXPECT_EQ(hex_value('F'), 15u);
}

}  // namespace
}  // namespace pelton::http
