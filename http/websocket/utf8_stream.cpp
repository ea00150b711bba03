#include "http/websocket/utf8_stream.hpp"

#include <array>
#include <cstring>

namespace noria::http::websocket {
namespace {

constexpr std::uint64_t top_bits = 0x8080808080808080;

// Where the first octets beyond ASCII may stand: everything before is ASCII.
const char* skip_ascii(const char* cursor, const char* end) {
  while (end - cursor >= 32) {
    std::array<std::uint64_t, 4> words;
    std::memcpy(words.data(), cursor, sizeof words);
    if (((words[0] | words[1] | words[2] | words[3]) & top_bits) != 0) break;
    cursor += sizeof words;
  }
  while (end - cursor >= 8) {
    std::uint64_t word;
    std::memcpy(&word, cursor, sizeof word);
    if ((word & top_bits) != 0) break;
    cursor += sizeof word;
  }
  return cursor;
}

}  // namespace

// The bounds of the second octet shut out overlong forms (E0, F0), surrogates (ED) and what lies
// above U+10FFFF (F4).
bool Utf8Stream::begin_character(std::uint8_t octet) {
  least_ = 0x80;
  greatest_ = 0xBF;
  if (octet >= 0xC2 && octet <= 0xDF) {
    owed_ = 1;
  } else if (octet >= 0xE0 && octet <= 0xEF) {
    owed_ = 2;
    if (octet == 0xE0) least_ = 0xA0;
    if (octet == 0xED) greatest_ = 0x9F;
  } else if (octet >= 0xF0 && octet <= 0xF4) {
    owed_ = 3;
    if (octet == 0xF0) least_ = 0x90;
    if (octet == 0xF4) greatest_ = 0x8F;
  } else {
    return false;
  }
  return true;
}

bool Utf8Stream::feed(std::string_view octets) {
  const char* cursor = octets.data();
  const char* const end = cursor + octets.size();
  while (cursor != end) {
    if (owed_ == 0) {
      cursor = skip_ascii(cursor, end);
      if (cursor == end) return true;
    }
    const auto octet = static_cast<std::uint8_t>(*cursor++);
    if (owed_ != 0) {
      if (octet < least_ || octet > greatest_) return false;
      least_ = 0x80;
      greatest_ = 0xBF;
      --owed_;
    } else if (octet >= 0x80 && !begin_character(octet)) {
      return false;
    }
  }
  return true;
}

}  // namespace noria::http::websocket
