// JSN-005: invalid UTF-8 is refused, non-characters and NUL are kept.
#include "http/json/utf8.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/seeded_random.hpp"

namespace pelton::http::json {
namespace {

struct Decoded {
  std::size_t invalid_offset = Utf8Decoder::valid;
  std::vector<std::uint32_t> code_points;
  std::uint32_t code_point_max = 0x7f;
  bool operator==(const Decoded&) const = default;
};

// By the table of RFC 3629 section 4, as plainly as it can be written.
Decoded by_the_table(const std::string& text) {
  Decoded result;
  const auto octet = [&](std::size_t i) -> std::uint32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const auto tail = [&](std::size_t i, std::uint32_t low = 0x80, std::uint32_t high = 0xbf) {
    return octet(i) >= low && octet(i) <= high;
  };
  std::uint32_t top = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::uint32_t a = octet(i);
    std::uint32_t c = 0;
    std::size_t length = 0;
    if (a < 0x80) {
      c = a;
      length = 1;
    } else if (a >= 0xc2 && a <= 0xdf && tail(i + 1)) {
      c = (a & 0x1f) << 6 | (octet(i + 1) & 0x3f);
      length = 2;
    } else if (a >= 0xe0 && a <= 0xef &&
               tail(i + 1, a == 0xe0 ? 0xa0 : 0x80, a == 0xed ? 0x9f : 0xbf) && tail(i + 2)) {
      c = (a & 0x0f) << 12 | (octet(i + 1) & 0x3f) << 6 | (octet(i + 2) & 0x3f);
      length = 3;
    } else if (a >= 0xf0 && a <= 0xf4 &&
               tail(i + 1, a == 0xf0 ? 0x90 : 0x80, a == 0xf4 ? 0x8f : 0xbf) && tail(i + 2) &&
               tail(i + 3)) {
      c = (a & 0x07) << 18 | (octet(i + 1) & 0x3f) << 12 | (octet(i + 2) & 0x3f) << 6 |
          (octet(i + 3) & 0x3f);
      length = 4;
    } else {
      return {i, {}, 0};
    }
    top = std::max(top, c);
    result.code_points.push_back(c);
    i += length;
  }
  result.code_point_max = top < 0x80      ? 0x7f
                          : top < 0x100   ? 0xff
                          : top < 0x10000 ? 0xffff
                                          : 0x10ffff;
  return result;
}

Decoded by_the_decoder(Utf8Decoder& decoder, const std::string& text) {
  const std::vector<char> exact(text.begin(), text.end());
  const Utf8Decoder::Result result = decoder.decode({exact.data(), exact.size()});
  if (result.invalid_offset != Utf8Decoder::valid) return {result.invalid_offset, {}, 0};
  Decoded decoded;
  decoded.code_point_max = result.code_point_max;
  if (result.narrow != nullptr) {
    EXPECT_LE(result.code_point_max, 0xffffu);
    decoded.code_points.assign(result.narrow, result.narrow + result.count);
  } else {
    EXPECT_EQ(result.code_point_max, 0x10ffffu);
    decoded.code_points.assign(result.wide, result.wide + result.count);
  }
  return decoded;
}

TEST(Utf8, JSN_005_every_sequence_of_up_to_three_octets) {
  Utf8Decoder decoder;
  for (unsigned a = 0x7e; a < 0x100; ++a) {
    for (unsigned b = 0; b < 0x100; b += b < 0x7e ? 42 : 1) {
      for (const unsigned c : {0u, 0x41u, 0x7fu, 0x80u, 0x8fu, 0x9fu, 0xa0u, 0xbfu, 0xc0u, 0xffu}) {
        const std::string text{static_cast<char>(a), static_cast<char>(b), static_cast<char>(c)};
        for (std::size_t size = 1; size <= 3; ++size) {
          const std::string part = text.substr(0, size);
          ASSERT_EQ(by_the_decoder(decoder, part), by_the_table(part)) << a << ' ' << b << ' ' << c;
        }
      }
    }
  }
}

TEST(Utf8, JSN_005_edges_of_four_octets_among_other_text) {
  Utf8Decoder decoder;
  for (const char* middle :
       {"\xf0\x90\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xf0\x90\x80", "\xf0\x90", "\xf0", "\xed\xa0\x80", "\xed\x9f\xbf",
        "\xef\xbf\xbe", "\xef\xb7\x90", "\xc1\xbf", "\xe0\x9f\xbf", "\xff", "\xfe"}) {
    for (std::size_t before = 0; before < 18; ++before) {
      for (const std::size_t after : {0u, 1u, 2u, 3u, 8u, 20u}) {
        const std::string text = std::string(before, 'x') + middle + std::string(after, 'y');
        ASSERT_EQ(by_the_decoder(decoder, text), by_the_table(text)) << before << ' ' << after;
      }
    }
  }
}

TEST(Utf8, random_texts_valid_and_damaged) {
  Utf8Decoder decoder;
  support::SeededRandom random(9);
  for (int i = 0; i < 50'000; ++i) {
    std::string text;
    for (std::uint64_t size = random.below(40); size > 0; --size) {
      switch (random.below(5)) {
        case 0:
          text += "é";
          break;
        case 1:
          text += "漢";
          break;
        case 2:
          text += "😀";
          break;
        default:
          text += std::string(random.below(12), 'a');
          break;
      }
    }
    if (!text.empty() && random.chance(0.3)) {
      text[random.below(text.size())] = static_cast<char>(random.below(256));
    }
    ASSERT_EQ(by_the_decoder(decoder, text), by_the_table(text));
  }
}

TEST(Utf8, units_become_octets) {
  const std::vector<std::uint16_t> units{0, 1, 0x7f, 0x80, 0xff, 'a', 'b', 'c', 'd', 'e', 'f'};
  std::vector<std::uint8_t> octets(units.size());
  narrow_to_octets(units.data(), units.size(), octets.data());
  EXPECT_TRUE(std::equal(units.begin(), units.end(), octets.begin(), octets.end()));
}

TEST(Utf8, a_decoder_works_on_after_it_was_shrunk) {
  Utf8Decoder decoder;
  const std::string large(10'000, 'a');
  EXPECT_EQ(by_the_decoder(decoder, large + "😀").code_points.size(), large.size() + 1);
  decoder.shrink(100);
  EXPECT_EQ(by_the_decoder(decoder, "é😀"), by_the_table("é😀"));
}

}  // namespace
}  // namespace pelton::http::json
