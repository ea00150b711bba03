#include "http/websocket/utf8_stream.hpp"

#include <array>
#include <cstring>

namespace pelton::http::websocket {
namespace {

constexpr std::uint64_t top_bits = 0x8080808080808080;

// Returns a place before which everything is ASCII, near the first octet that is not.
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

// The length of the character of two to four octets whose first octet is the lowest of `w`; 0 if it
// is invalid.
unsigned character_bytes(std::uint32_t w) {
  if ((w & 0xc0e0) == 0x80c0) return (w & 0x1e) != 0 ? 2 : 0;
  if ((w & 0x00c0c0f0) == 0x008080e0) {
    const std::uint32_t top = (w & 0x0f) << 12 | (w >> 2 & 0x0fc0);
    return top >= 0x800 && (top & 0xf800) != 0xd800 ? 3 : 0;
  }
  if ((w & 0xc0c0c0f8) == 0x808080f0) {
    const std::uint32_t top = (w & 0x07) << 18 | (w << 4 & 0x3f000);
    return top >= 0x10000 && top < 0x110000 ? 4 : 0;
  }
  return 0;
}

// Returns the first octet that belongs to no whole character or is near the end. Little-endian
// only, as are all machines pelton is built for.
const char* skip_characters(const char* cursor, const char* end) {
  while (end - cursor >= 8) {
    std::uint32_t word;
    std::memcpy(&word, cursor, sizeof word);
    if ((word & top_bits) == 0) {
      cursor = skip_ascii(cursor + sizeof word, end);
    } else if ((word & 0x80) == 0) {
      ++cursor;
    } else if (const unsigned bytes = character_bytes(word); bytes != 0) {
      cursor += bytes;
    } else {
      break;
    }
  }
  return cursor;
}

}  // namespace

// The bounds of the second octet exclude overlong forms (E0, F0), surrogates (ED) and characters
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
      cursor = skip_characters(cursor, end);
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

}  // namespace pelton::http::websocket
