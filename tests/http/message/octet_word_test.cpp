#include "http/message/octet_word.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace pelton::http {
namespace {

TEST(OctetWord, short_loads_read_exactly_their_octets) {
  for (std::size_t bytes = 0; bytes < 8; ++bytes) {
    // On the heap and of this very size, so that a sanitizer sees a load behind the end.
    const auto octets = std::make_unique<char[]>(bytes);
    std::uint64_t expected = 0;
    for (std::size_t index = 0; index < bytes; ++index) {
      octets[index] = static_cast<char>(0xF1 + index);
      expected |= std::uint64_t{0xF1 + index} << (8 * index);
    }
    EXPECT_EQ(octet_word::load_short(octets.get(), bytes), expected) << bytes;
  }
}

TEST(OctetWord, marks_are_exact) {
  // 0x2E and 0x30 stand beside 0x2F: a borrow or carry between octets would show.
  for (unsigned mask = 0; mask < 256; ++mask) {
    std::string text;
    std::uint64_t expected = 0;
    for (unsigned index = 0; index < 8; ++index) {
      const bool marked = mask >> index & 1;
      text += marked ? '/' : (index % 3 == 0 ? '.' : index % 3 == 1 ? '0' : '\xAF');
      if (marked) expected |= std::uint64_t{0x80} << (8 * index);
    }
    const std::uint64_t marks = octet_word::equal_to(octet_word::load(text.data()), '/');
    EXPECT_EQ(marks, expected);
    if (marks != 0) {
      EXPECT_EQ(octet_word::first_index(marks), text.find('/'));
    }
  }
}

}  // namespace
}  // namespace pelton::http
