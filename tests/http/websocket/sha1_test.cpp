#include "http/websocket/sha1.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pelton::http::websocket {
namespace {

std::string hex(std::string_view octets) {
  std::string text;
  for (const std::uint8_t octet : sha1(octets)) {
    text += "0123456789ABCDEF"[octet >> 4];
    text += "0123456789ABCDEF"[octet & 15];
  }
  return text;
}

TEST(Sha1, RFC_3174_section_7_3) {
  EXPECT_EQ(hex("abc"), "A9993E364706816ABA3E25717850C26C9CD0D89D");
  EXPECT_EQ(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "84983E441C3BD26EBAAE4AA1F95129E5E54670F1");
  EXPECT_EQ(hex(std::string(1'000'000, 'a')), "34AA973CD4C4DAA4F61EEB2BDBAD27316534016F");
  std::string digits;
  for (int count = 0; count < 80; ++count) digits += "01234567";
  EXPECT_EQ(hex(digits), "DEA356A2CDDD90C7A7ECEDC5EBB563934F460452");
}

TEST(Sha1, the_end_of_a_text_may_take_a_block_of_its_own) {
  EXPECT_EQ(hex(""), "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709");
  EXPECT_EQ(hex(std::string(55, 'a')), "C1C8BBDC22796E28C0E15163D20899B65621D65A");
  EXPECT_EQ(hex(std::string(56, 'a')), "C2DB330F6083854C99D4B5BFB6E8F29F201BE699");
  EXPECT_EQ(hex(std::string(64, 'a')), "0098BA824B5C16427BD7A1122A5A442A25EC644D");
}

}  // namespace
}  // namespace pelton::http::websocket
