#include "http/routing/keyed_hash.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

namespace pelton::http {
namespace {

// On the heap and of this very size, so that a sanitizer sees a read behind the end.
std::unique_ptr<char[]> octets_of(const std::string& text) {
  auto octets = std::make_unique<char[]>(text.size());
  text.copy(octets.get(), text.size());
  return octets;
}

TEST(KeyedHash, every_octet_and_the_length_count) {
  std::set<std::uint64_t> seen;
  std::size_t texts = 0;
  for (std::size_t bytes = 0; bytes < 70; ++bytes) {
    std::string text(bytes, '\0');
    seen.insert(keyed_hash(1, {octets_of(text).get(), bytes}));
    ++texts;
    for (std::size_t index = 0; index < bytes; ++index) {
      text[index] = 'x';
      const auto octets = octets_of(text);
      seen.insert(keyed_hash(1, {octets.get(), bytes}));
      text[index] = '\0';
      ++texts;
    }
  }
  EXPECT_EQ(seen.size(), texts);
}

TEST(KeyedHash, URL_005_the_key_decides) {
  EXPECT_EQ(keyed_hash(1, "/users/me"), keyed_hash(1, "/users/me"));
  EXPECT_NE(keyed_hash(1, "/users/me"), keyed_hash(2, "/users/me"));
  EXPECT_NE(keyed_hash(1, ""), keyed_hash(2, ""));
  EXPECT_NE(keyed_hash(1, "/users/me") % 64, keyed_hash(2, "/users/me") % 64);
}

TEST(KeyedHash, similar_texts_spread_over_the_low_bits) {
  std::array<int, 256> slots{};
  for (int number = 0; number < 25600; ++number) {
    ++slots[keyed_hash(7, "/r" + std::to_string(number)) & 255];
  }
  // 100 in each on average; a fair throw stays within six deviations of ten.
  for (const int count : slots) {
    EXPECT_GT(count, 40);
    EXPECT_LT(count, 160);
  }
}

TEST(KeyedHash, same_text_compares_all_octets) {
  for (std::size_t bytes = 0; bytes < 40; ++bytes) {
    const std::string text(bytes, 'a');
    const auto left = octets_of(text);
    const auto right = octets_of(text);
    EXPECT_TRUE(same_text(left.get(), right.get(), bytes));
    for (std::size_t index = 0; index < bytes; ++index) {
      right[index] = 'b';
      EXPECT_FALSE(same_text(left.get(), right.get(), bytes)) << bytes << ' ' << index;
      right[index] = 'a';
    }
  }
}

}  // namespace
}  // namespace pelton::http
