// The escapes of a JSON string: RFC 8259 section 7, and RFC 3629 for valid code points.
#pragma once

#include <array>

namespace pelton::http::json {

// The octet that an escape's letter stands for; 0 for u and for letters that are not allowed.
inline constexpr std::array<char, 256> simple_escapes = [] {
  std::array<char, 256> letters{};
  for (const char c : {'"', '\\', '/'}) letters[static_cast<unsigned char>(c)] = c;
  letters['b'] = '\b';
  letters['f'] = '\f';
  letters['n'] = '\n';
  letters['r'] = '\r';
  letters['t'] = '\t';
  return letters;
}();

// The value of four hexadecimal digits, or -1. Reads nothing after the first other octet.
inline int read_hex4(const char* p) {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = p[i];
    int digit;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      digit = (c | 0x20) - 'a' + 10;
    } else {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

// The code point of \uXXXX at `p`, or of two such escapes that form a surrogate pair; moves `p`
// past them. False if there is none.
inline bool read_unicode_escape(const char*& p, unsigned& code_point) {
  const int unit = read_hex4(p + 2);
  if (unit < 0) return false;
  code_point = static_cast<unsigned>(unit);
  p += 6;
  if (unit < 0xd800 || unit >= 0xe000) return true;
  const int low = unit < 0xdc00 && p[0] == '\\' && p[1] == 'u' ? read_hex4(p + 2) : -1;
  if (low < 0xdc00 || low >= 0xe000) return false;
  code_point = 0x10000 + ((code_point - 0xd800) << 10) + static_cast<unsigned>(low - 0xdc00);
  p += 6;
  return true;
}

}  // namespace pelton::http::json
