#include "http/h2/frame_scanner.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/http/h2/frame_client.hpp"

namespace pelton::http::h2 {
namespace {

struct Found {
  std::vector<FrameScanner::Head> heads;
  std::size_t bytes = 0;
};

Found found_in(const std::string& octets, std::size_t piece_bytes) {
  FrameScanner scanner;
  Found found;
  for (std::size_t at = 0; at < octets.size(); at += piece_bytes) {
    std::string_view piece = std::string_view(octets).substr(at, piece_bytes);
    while (!piece.empty()) {
      const FrameScanner::Step step = scanner.step(piece);
      if (step.begins_frame) found.heads.push_back(scanner.head());
      found.bytes += step.bytes;
      piece.remove_prefix(step.bytes);
    }
  }
  return found;
}

TEST(FrameScanner, SEG_001_heads_are_found_however_octets_are_cut) {
  const std::string octets = support::opening() + support::request(3, "/a") +
                             support::data(3, std::string(70000, 'x')) +
                             support::frame(FrameType(0xEE), 0x7F, 0x7FFF'FFFF, "extension");
  for (const std::size_t piece_bytes : {std::size_t{1}, std::size_t{2}, std::size_t{5},
                                        std::size_t{9}, std::size_t{4096}, octets.size()}) {
    const Found found = found_in(octets, piece_bytes);
    ASSERT_EQ(found.heads.size(), 4u) << piece_bytes;
    EXPECT_EQ(found.bytes, octets.size());
    EXPECT_EQ(found.heads[0].type, FrameType::settings);
    EXPECT_EQ(found.heads[1].type, FrameType::headers);
    EXPECT_EQ(found.heads[1].stream, 3);
    EXPECT_EQ(found.heads[1].flags, 0x5);
    EXPECT_EQ(found.heads[2].bytes, 70000u);
    EXPECT_EQ(found.heads[3].type, FrameType(0xEE));
    EXPECT_EQ(found.heads[3].flags, 0x7F);
    EXPECT_EQ(found.heads[3].stream, 0x7FFF'FFFF);
    EXPECT_EQ(found.heads[3].bytes, 9u);
  }
}

TEST(FrameScanner, the_reserved_bit_is_no_part_of_the_stream) {
  const Found found =
      found_in(support::opening() + support::frame(FrameType::ping, 0, 0x8000'0001), 1 << 20);
  EXPECT_EQ(found.heads[1].stream, 1);
}

}  // namespace
}  // namespace pelton::http::h2
