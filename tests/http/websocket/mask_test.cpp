#include "http/websocket/mask.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pelton::http::websocket {
namespace {

constexpr MaskKey key = {0x37, 0xfa, 0x21, 0x3d};

TEST(Mask, RFC_6455_section_5_7) {
  std::string octets = "\x7f\x9f\x4d\x51\x58";
  unmask(octets.data(), octets.size(), key, 0);
  EXPECT_EQ(octets, "Hello");
}

TEST(Mask, of_any_length_from_any_octet_at_any_address) {
  for (std::size_t bytes = 0; bytes < 140; ++bytes) {
    for (std::uint64_t offset = 0; offset < 5; ++offset) {
      for (std::size_t begin = 0; begin < 9; ++begin) {
        std::string octets(begin + bytes + 1, 'x');
        std::string expected = octets;
        for (std::size_t index = 0; index < bytes; ++index) {
          expected[begin + index] = static_cast<char>('x' ^ key[(offset + index) % key.size()]);
        }
        unmask(octets.data() + begin, bytes, key, offset);
        ASSERT_EQ(octets, expected) << bytes << ' ' << offset << ' ' << begin;
      }
    }
  }
}

}  // namespace
}  // namespace pelton::http::websocket
