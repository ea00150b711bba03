#include "http/json/string_write.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "tests/support/seeded_random.hpp"

namespace pelton::http::json {
namespace {

std::string escaped(char32_t c) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      break;
  }
  char text[8];
  if (c < 0x20) {
    std::snprintf(text, sizeof text, "\\u%04x", static_cast<unsigned>(c));
    return text;
  }
  if (c < 0x80) return {static_cast<char>(c)};
  std::string utf8;
  if (c < 0x800) {
    utf8 += static_cast<char>(0xc0 | c >> 6);
  } else {
    if (c < 0x10000) {
      utf8 += static_cast<char>(0xe0 | c >> 12);
    } else {
      utf8 += static_cast<char>(0xf0 | c >> 18);
      utf8 += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    }
    utf8 += static_cast<char>(0x80 | (c >> 6 & 0x3f));
  }
  utf8 += static_cast<char>(0x80 | (c & 0x3f));
  return utf8;
}

template <class Unit>
std::string written(const std::vector<Unit>& units) {
  // On the heap with just the room that is asked for.
  std::vector<char> out(escaped_bytes_max * units.size() + escape_slack_bytes);
  char* const end = write_units(out.data(), units.data(), units.size());
  return end == nullptr ? "refused" : std::string(out.data(), end);
}

template <class Block>
std::string written_octets(const std::string& text) {
  std::vector<char> out(escaped_bytes_max * text.size() + escape_slack_bytes);
  const std::vector<char> exact(text.begin(), text.end());
  return {out.data(), write_utf8_string<Block>(out.data(), exact.data(), exact.size())};
}

TEST(StringWrite, every_octet_at_every_place) {
  for (unsigned octet = 0; octet < 0x80; ++octet) {
    for (std::size_t size : {1, 2, 15, 16, 17, 31, 33, 50}) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string text(size, 'a');
        text[at] = static_cast<char>(octet);
        std::string expected;
        for (const char c : text) expected += escaped(static_cast<unsigned char>(c));
        ASSERT_EQ(written_octets<PortableBlock>(text), expected);
        ASSERT_EQ(written_octets<ScanBlock>(text), expected);
      }
    }
  }
}

TEST(StringWrite, nothing_but_escapes_fits_the_room) {
  for (std::size_t size = 0; size < 70; ++size) {
    std::string expected;
    for (std::size_t i = 0; i < size; ++i) expected += "\\u0001";
    EXPECT_EQ(written_octets<ScanBlock>(std::string(size, '\x01')), expected);
    EXPECT_EQ(written(std::vector<std::uint8_t>(size, 1)), expected);
    EXPECT_EQ(written(std::vector<std::uint16_t>(size, 1)), expected);
    EXPECT_EQ(written(std::vector<std::uint32_t>(size, 1)), expected);
  }
}

TEST(StringWrite, every_code_point_in_every_width_that_holds_it) {
  for (char32_t c = 0; c < 0x110000; c += c < 0x3000 ? 1 : 61) {
    if (c >= 0xd800 && c < 0xe000) continue;
    std::string expected{"a"};
    expected += escaped(c);
    expected += "b";
    if (c < 0x100) {
      ASSERT_EQ(written(std::vector<std::uint8_t>{'a', static_cast<std::uint8_t>(c), 'b'}),
                expected);
    }
    if (c < 0x10000) {
      ASSERT_EQ(written(std::vector<std::uint16_t>{'a', static_cast<std::uint16_t>(c), 'b'}),
                expected);
    }
    ASSERT_EQ(written(std::vector<std::uint32_t>{'a', c, 'b'}), expected);
  }
}

TEST(StringWrite, JSN_008_surrogates_are_refused_wherever_they_stand) {
  for (const std::uint16_t surrogate : {0xd800, 0xdbff, 0xdc00, 0xdfff}) {
    for (std::size_t size = 1; size < 40; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        std::vector<std::uint16_t> narrow(size, 0x4e00);
        narrow[at] = surrogate;
        ASSERT_EQ(written(narrow), "refused");
        std::vector<std::uint32_t> wide(size, 0x1f600);
        wide[at] = surrogate;
        ASSERT_EQ(written(wide), "refused");
      }
    }
  }
  EXPECT_EQ(written(std::vector<std::uint16_t>{0xd7ff, 0xe000}), escaped(0xd7ff) + escaped(0xe000));
}

TEST(StringWrite, random_mixtures_in_every_width) {
  support::SeededRandom random(8);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t width = random.below(3);
    std::vector<std::uint8_t> one;
    std::vector<std::uint16_t> two;
    std::vector<std::uint32_t> four;
    std::string expected;
    for (std::uint64_t size = random.below(80); size > 0; --size) {
      char32_t c = static_cast<char32_t>(random.below(random.chance(0.5) ? 0x80 : 0x100));
      if (width > 0 && random.chance(0.5)) c = static_cast<char32_t>(random.below(0xd800));
      if (width > 1 && random.chance(0.3))
        c = static_cast<char32_t>(0xe000 + random.below(0x102000));
      expected += escaped(c);
      one.push_back(static_cast<std::uint8_t>(c));
      two.push_back(static_cast<std::uint16_t>(c));
      four.push_back(c);
    }
    if (width == 0) {
      ASSERT_EQ(written(one), expected);
    }
    if (width < 2) {
      ASSERT_EQ(written(two), expected);
    }
    ASSERT_EQ(written(four), expected);
  }
}

}  // namespace
}  // namespace pelton::http::json
