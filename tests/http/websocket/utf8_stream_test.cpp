#include "http/websocket/utf8_stream.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pelton::http::websocket {
namespace {

bool valid(std::string_view octets) {
  Utf8Stream utf8;
  return utf8.feed(octets) && utf8.complete();
}

// Octets after which it has failed; all of them and one more if it did not.
std::size_t fails_at(std::string_view octets) {
  Utf8Stream utf8;
  for (std::size_t index = 0; index < octets.size(); ++index) {
    if (!utf8.feed(octets.substr(index, 1))) return index;
  }
  return octets.size();
}

TEST(Utf8Stream, WS_015_every_code_point_but_surrogates) {
  for (std::uint32_t code_point = 0; code_point < 0x11'0000; ++code_point) {
    std::string octets;
    if (code_point < 0x80) {
      octets += static_cast<char>(code_point);
    } else if (code_point < 0x800) {
      octets += static_cast<char>(0xC0 | code_point >> 6);
      octets += static_cast<char>(0x80 | (code_point & 63));
    } else if (code_point < 0x1'0000) {
      octets += static_cast<char>(0xE0 | code_point >> 12);
      octets += static_cast<char>(0x80 | (code_point >> 6 & 63));
      octets += static_cast<char>(0x80 | (code_point & 63));
    } else {
      octets += static_cast<char>(0xF0 | code_point >> 18);
      octets += static_cast<char>(0x80 | (code_point >> 12 & 63));
      octets += static_cast<char>(0x80 | (code_point >> 6 & 63));
      octets += static_cast<char>(0x80 | (code_point & 63));
    }
    const bool surrogate = code_point >= 0xD800 && code_point < 0xE000;
    EXPECT_EQ(valid(octets), !surrogate) << code_point;
  }
}

TEST(Utf8Stream, WS_015_it_fails_at_the_first_impossible_octet) {
  const struct {
    const char* octets;
    std::size_t at;
  } cases[] = {
      {"abc\x80", 3},
      {"\xc0\x80", 0},
      {"\xc1\xbf", 0},
      {"\xe0\x9f\xbf", 1},
      {"\xed\xa0\x80", 1},
      {"\xf0\x8f\xbf\xbf", 1},
      {"\xf4\x90\x80\x80", 1},
      {"\xf5\x80\x80\x80", 0},
      {"\xff", 0},
      {"\xc3(", 1},
      {"\xe2\x82(", 2},
      {"\xf0\x9f\x98(", 3},
      {"\xc3\xc3", 1},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(fails_at(one.octets), one.at) << one.octets;
    // Wherever in a text it stands, and however the text comes.
    for (std::size_t before = 0; before < 70; ++before) {
      EXPECT_FALSE(valid(std::string(before, 'a') + one.octets + std::string(40, 'b')));
    }
  }
}

TEST(Utf8Stream, a_character_may_be_cut_anywhere_but_must_end) {
  const std::string text = std::string(33, 'a') + "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" +
                           std::string(33, 'b') + "\xf4\x8f\xbf\xbf";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Utf8Stream utf8;
    EXPECT_TRUE(utf8.feed(std::string_view(text).substr(0, cut)));
    EXPECT_TRUE(utf8.feed(std::string_view(text).substr(cut)));
    EXPECT_TRUE(utf8.complete());
  }
  Utf8Stream utf8;
  EXPECT_TRUE(utf8.feed("\xe2\x82"));
  EXPECT_FALSE(utf8.complete());
  utf8.reset();
  EXPECT_TRUE(utf8.complete());
  EXPECT_TRUE(utf8.feed("a"));
}

}  // namespace
}  // namespace pelton::http::websocket
