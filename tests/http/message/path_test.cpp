#include "http/message/path.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/seeded_random.hpp"
#include "tests/support/seeds.hpp"

namespace pelton::http {
namespace {

using Segments = std::vector<std::string>;

Segments segments_of(std::string_view path, std::span<const std::uint32_t> ends) {
  Segments segments;
  std::size_t begin = 1;
  for (const std::uint32_t end : ends) {
    segments.emplace_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return segments;
}

Segments split(std::string_view path) {
  std::array<std::uint32_t, 64> ends{};
  const PathShape shape = split_path(path, ends);
  return segments_of(path, std::span(ends).first(shape.segment_count));
}

Segments decoded(std::string_view path) {
  std::array<std::uint32_t, 64> ends{};
  std::string out(path.size(), '?');
  const DecodedPath decoded_path = decode_path(path, out.data(), ends);
  EXPECT_LE(decoded_path.bytes, path.size());
  out.resize(decoded_path.bytes);
  return segments_of(out, std::span(ends).first(decoded_path.shape.segment_count));
}

TEST(Path, empty_segments_count) {
  EXPECT_EQ(split("/"), Segments({""}));
  EXPECT_EQ(split("/a"), Segments({"a"}));
  EXPECT_EQ(split("/a/"), Segments({"a", ""}));
  EXPECT_EQ(split("/a//b"), Segments({"a", "", "b"}));
  EXPECT_EQ(split("//"), Segments({"", ""}));
  EXPECT_EQ(split("/users/123456789/and/something/longer"),
            Segments({"users", "123456789", "and", "something", "longer"}));
}

TEST(Path, URL_001_segments_are_split_before_they_are_decoded) {
  EXPECT_EQ(decoded("/a%2Fb/c"), Segments({"a/b", "c"}));
  EXPECT_EQ(decoded("/%252F"), Segments({"%2F"}));
  EXPECT_EQ(decoded("/a+b/%C3%A9/"), Segments({"a+b", "\xC3\xA9", ""}));
  EXPECT_EQ(decoded("/a%2"), Segments({"a%2"}));
}

TEST(Path, URL_003_dot_segments_are_seen_decoded) {
  for (const std::string_view path : {"/.", "/..", "/a/./b", "/a/../b", "/../", "/a/.", "//.."}) {
    EXPECT_TRUE(split_path(path, {}).has_dot_segment) << path;
  }
  for (const std::string_view path : {"/", "//", "/...", "/.a", "/a.", "/..a", "/a..", "/.well"}) {
    EXPECT_FALSE(split_path(path, {}).has_dot_segment) << path;
  }
  std::string out(64, '?');
  for (const std::string_view path : {"/%2e", "/.%2E/a", "/a/%2e%2e"}) {
    EXPECT_TRUE(decode_path(path, out.data(), {}).shape.has_dot_segment) << path;
  }
  for (const std::string_view path : {"/%2e%2e%2e", "/a%2F..", "/%252e"}) {
    EXPECT_FALSE(decode_path(path, out.data(), {}).shape.has_dot_segment) << path;
  }
}

TEST(Path, more_segments_than_room_are_counted_and_not_written) {
  std::array<std::uint32_t, 3> ends{7, 7, 7};
  EXPECT_EQ(split_path("/a/b/c/d", std::span(ends).first(2)).segment_count, 4u);
  EXPECT_EQ(ends, (std::array<std::uint32_t, 3>{2, 4, 7}));
  std::string out(64, '?');
  EXPECT_EQ(decode_path("/%61/b/c/d", out.data(), std::span(ends).first(1)).shape.segment_count,
            4u);
  EXPECT_EQ(ends, (std::array<std::uint32_t, 3>{2, 4, 7}));
}

TEST(Path, splitting_agrees_with_looking_at_every_octet) {
  for (const std::uint64_t seed : support::seeds(20)) {
    SCOPED_TRACE("PELTON_SEED=" + std::to_string(seed));
    support::SeededRandom random(seed);
    for (int round = 0; round < 500; ++round) {
      const std::size_t bytes = 1 + random.below(40);
      // Exactly as large as the path, so that a sanitizer sees a read behind it.
      const auto octets = std::make_unique<char[]>(bytes);
      octets[0] = '/';
      for (std::size_t index = 1; index < bytes; ++index)
        octets[index] = "//..%ab0"[random.below(8)];
      const std::string_view path(octets.get(), bytes);
      Segments expected;
      bool dots = false;
      for (std::size_t begin = 1; begin <= bytes;) {
        const std::size_t end = std::min(path.find('/', begin), bytes);
        expected.emplace_back(path.substr(begin, end - begin));
        dots = dots || expected.back() == "." || expected.back() == "..";
        begin = end + 1;
      }
      const PathShape shape = split_path(path, {});
      EXPECT_EQ(split(path), expected) << path;
      EXPECT_EQ(shape.has_dot_segment, dots) << path;
      EXPECT_EQ(shape.has_escape, path.contains('%')) << path;
    }
  }
}

}  // namespace
}  // namespace pelton::http
