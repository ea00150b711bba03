#include "http/routing/segment_scan.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "tests/support/seeded_random.hpp"
#include "tests/support/seeds.hpp"

namespace pelton::http {
namespace {

TEST(SegmentScan, agrees_with_looking_at_every_octet) {
  for (const std::uint64_t seed : support::seeds(20)) {
    SCOPED_TRACE(std::string("PELTON_SEED=").append(std::to_string(seed)));
    support::SeededRandom random(seed);
    for (int round = 0; round < 1000; ++round) {
      const std::size_t bytes = random.below(40);
      // Exactly as large as the path, so that a sanitizer sees a read behind it.
      const auto octets = std::make_unique<char[]>(bytes);
      for (std::size_t index = 0; index < bytes; ++index) {
        octets[index] = random.chance(0.04) ? '/' : random.chance(0.02) ? '%' : 'a';
      }
      const char* const end = octets.get() + bytes;
      const SegmentScan scan = scan_segment(octets.get(), end, 5);
      const std::string_view path(octets.get(), bytes);
      const std::string_view text = path.substr(0, path.find('/'));
      ASSERT_EQ(scan.text, text);
      ASSERT_EQ(scan.has_escape, text.contains('%'));
      const SegmentScan whole = whole_segment(text.data(), text.data() + text.size(), 5);
      ASSERT_EQ(whole.text, text);
      ASSERT_EQ(whole.hash, scan.hash);
      ASSERT_EQ(whole.first_word, scan.first_word);
    }
  }
}

TEST(SegmentScan, a_decoded_segment_may_hold_a_slash) {
  const std::string_view text = "a/b/0123456/8";
  EXPECT_EQ(whole_segment(text.data(), text.data() + text.size(), 5).text, text);
}

TEST(SegmentScan, every_octet_the_length_and_the_node_count) {
  std::set<std::uint64_t> seen;
  std::size_t texts = 0;
  for (const std::uint64_t node_key : {0u, 1u}) {
    for (std::size_t bytes = 0; bytes < 40; ++bytes) {
      std::string text(bytes, '\0');
      seen.insert(whole_segment(text.data(), text.data() + bytes, node_key).hash);
      ++texts;
      for (std::size_t index = 0; index < bytes; ++index) {
        text[index] = 'x';
        seen.insert(whole_segment(text.data(), text.data() + bytes, node_key).hash);
        text[index] = '\0';
        ++texts;
      }
    }
  }
  EXPECT_EQ(seen.size(), texts);
}

}  // namespace
}  // namespace pelton::http
