// Text to the inside of a JSON string: the two characters and the controls that must be escaped
// are (RFC 8259 section 7), everything else stays as it is, in UTF-8.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "http/json/string_scan.hpp"

namespace noria::http::json {

// The longest an octet or code point becomes (\u001f), and what whole blocks may write beyond it.
inline constexpr std::size_t escaped_bytes_max = 6;
inline constexpr std::size_t escape_slack_bytes = 16;

struct Escape {
  char text[8];  // padded, so that it is written by one store
  std::uint8_t bytes;
};

constexpr std::array<Escape, 128> make_escapes() {
  constexpr char hex[] = "0123456789abcdef";
  std::array<Escape, 128> escapes{};
  for (unsigned c = 0; c < 128; ++c) {
    Escape& escape = escapes[c];
    char letter = 0;
    switch (c) {
      case '\b':
        letter = 'b';
        break;
      case '\t':
        letter = 't';
        break;
      case '\n':
        letter = 'n';
        break;
      case '\f':
        letter = 'f';
        break;
      case '\r':
        letter = 'r';
        break;
      case '"':
        letter = '"';
        break;
      case '\\':
        letter = '\\';
        break;
      default:
        break;
    }
    if (letter != 0) {
      escape = {{'\\', letter}, 2};
    } else if (c < 0x20) {
      escape = {{'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6};
    } else {
      escape = {{static_cast<char>(c)}, 1};
    }
  }
  return escapes;
}

inline constexpr std::array<Escape, 128> escapes = make_escapes();

inline char* write_escape(char* out, unsigned char octet) {
  const Escape& escape = escapes[octet];
  std::memcpy(out, escape.text, sizeof escape.text);
  return out + escape.bytes;
}

// Copies octets that are UTF-8 already. `out` has room for escaped_bytes_max * bytes +
// escape_slack_bytes.
template <class Block = ScanBlock>
inline char* write_utf8_string(char* out, const char* text, std::size_t bytes) {
  const char* const end = text + bytes;
  while (static_cast<std::size_t>(end - text) >= scan_block_bytes) {
    const Block block = Block::load(text);
    block.store(out);
    const std::uint32_t special = block.special();
    if (special == 0) {
      text += scan_block_bytes;
      out += scan_block_bytes;
      continue;
    }
    const int n = std::countr_zero(special);
    text += n;
    out = write_escape(out + n, static_cast<unsigned char>(*text));
    ++text;
  }
  for (; text < end; ++text) {
    const auto octet = static_cast<unsigned char>(*text);
    if (is_special(octet)) [[unlikely]] {
      out = write_escape(out, octet);
    } else {
      *out++ = static_cast<char>(octet);
    }
  }
  return out;
}

// Code points held in units of one, two or four octets, as CPython keeps them. `out` has room for
// escaped_bytes_max * count + escape_slack_bytes. Null when a surrogate stands among them
// (JSN-008).
char* write_units(char* out, const std::uint8_t* units, std::size_t count);
char* write_units(char* out, const std::uint16_t* units, std::size_t count);
char* write_units(char* out, const std::uint32_t* units, std::size_t count);

}  // namespace noria::http::json
