// UTF-8 between JSON text and code points: validation by RFC 3629 (no overlong forms, no
// surrogates, nothing above U+10FFFF) and conversion from and to one, two and four octet units.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace noria::http::json {

struct Utf8Shape {
  static constexpr std::size_t valid = static_cast<std::size_t>(-1);

  std::size_t characters = 0;
  std::uint32_t code_point_max = 0;    // an upper bound: 0x7f, 0xff, 0xffff or 0x10ffff
  std::size_t invalid_offset = valid;  // of the first octet that begins no character
};

Utf8Shape measure_utf8(std::string_view text);

// `text` was measured and fits the unit; `out` has room for its characters.
void decode_utf8(std::string_view text, std::uint8_t* out);
void decode_utf8(std::string_view text, std::uint16_t* out);
void decode_utf8(std::string_view text, std::uint32_t* out);

}  // namespace noria::http::json
