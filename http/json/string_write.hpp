// Writes text as the inside of a JSON string: escapes the two characters and the controls that must
// be escaped (RFC 8259 section 7); everything else stays as it is, in UTF-8.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "http/json/string_scan.hpp"

namespace pelton::http::json {

// The longest form of an octet or code point (\u001f), and how far whole blocks may write past it.
inline constexpr std::size_t escaped_bytes_max = 6;
inline constexpr std::size_t escape_slack_bytes = 16;

struct Escape {
  char text[8];  // padded, so that one store writes it
  std::uint8_t bytes;
};

constexpr std::array<Escape, 256> make_escapes() {
  constexpr char hex[] = "0123456789abcdef";
  std::array<Escape, 256> escapes{};
  for (unsigned c = 0; c < 256; ++c) {
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

inline constexpr std::array<Escape, 256> escapes = make_escapes();

inline char* write_escape(char* out, unsigned char octet) {
  const Escape& escape = escapes[octet];
  std::memcpy(out, escape.text, sizeof escape.text);
  return out + escape.bytes;
}

// Writes octets that are valid UTF-8. `out` has room for escaped_bytes_max * bytes +
// escape_slack_bytes.
template <class Block = ScanBlock>
inline char* write_utf8_string(char* out, const char* text, std::size_t bytes) {
  constexpr std::size_t step_bytes = 2 * scan_block_bytes;  // read by one iteration
  while (bytes > 0) {
    if (bytes < step_bytes && !lies_in_page(text, step_bytes)) [[unlikely]] {
      for (const char* const end = text + bytes; text < end; ++text) {
        out = write_escape(out, static_cast<unsigned char>(*text));
      }
      return out;
    }
    const std::size_t taken = bytes < scan_block_bytes ? bytes : scan_block_bytes;
    const Block block = Block::load_in_page(text);
    block.store(out);
    // The escapes of a block are found once, as bits: if each search began after the previous
    // escape, every escape would wait for the one before.
    std::uint32_t special = block.special() & ((std::uint32_t{1} << taken) - 1);
    std::size_t done = 0;
    while (special != 0) {
      const auto n = static_cast<std::size_t>(std::countr_zero(special));
      out = write_escape(out + (n - done), static_cast<unsigned char>(text[n]));
      done = n + 1;
      Block::load_in_page(text + done).store(out);
      special &= special - 1;
    }
    out += taken - done;
    text += taken;
    bytes -= taken;
  }
  return out;
}

// Writes code points in units of one, two or four octets, as CPython stores them. `out` has room
// for escaped_bytes_max * count + escape_slack_bytes. Null if there is a surrogate (JSN-008).
char* write_units(char* out, const std::uint8_t* units, std::size_t count);
char* write_units(char* out, const std::uint16_t* units, std::size_t count);
char* write_units(char* out, const std::uint32_t* units, std::size_t count);

}  // namespace pelton::http::json
