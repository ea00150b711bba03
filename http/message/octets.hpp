// Classes of single octets, as named by RFC 9110 and protocol section 1. One table, so that all
// readers of a message agree on them.
#pragma once

#include <array>
#include <cstdint>

namespace pelton::http {

enum OctetClass : std::uint8_t {
  octet_tchar = 1,   // of a token: method, field name, coding
  octet_target = 2,  // of a request target (H1-020)
  octet_field = 4,   // of a field value (H1-033)
  octet_host = 8,    // of a registered name or an IPv4 address (H1-041)
  octet_hex = 16,
  octet_digit = 32,
  octet_alpha = 64,
};

inline constexpr auto octet_classes = [] {
  std::array<std::uint8_t, 256> classes{};
  for (unsigned octet = 0; octet < 256; ++octet) {
    const bool digit = octet >= '0' && octet <= '9';
    const unsigned folded = octet | 0x20u;
    const bool alpha = octet < 0x80 && folded >= 'a' && folded <= 'z';
    bool symbol = false;
    for (const char tchar :
         {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'}) {
      symbol = symbol || octet == static_cast<unsigned char>(tchar);
    }
    unsigned bits = 0;
    if (digit || alpha || symbol) bits |= octet_tchar;
    if (octet >= 0x21 && octet <= 0x7e && octet != '#') bits |= octet_target;
    if (octet == '\t' || (octet >= 0x20 && octet != 0x7f)) bits |= octet_field;
    if (digit || alpha || octet == '.' || octet == '_' || octet == '-') bits |= octet_host;
    if (digit || (alpha && folded <= 'f')) bits |= octet_hex;
    if (digit) bits |= octet_digit;
    if (alpha) bits |= octet_alpha;
    classes[octet] = static_cast<std::uint8_t>(bits);
  }
  return classes;
}();

inline constexpr bool octet_is(char octet, unsigned classes) {
  return (octet_classes[static_cast<unsigned char>(octet)] & classes) != 0;
}
inline constexpr bool is_tchar(char octet) {
  return octet_is(octet, octet_tchar);
}
inline constexpr bool is_blank(char octet) {
  return octet == ' ' || octet == '\t';
}
inline constexpr char to_lower(char octet) {
  return octet >= 'A' && octet <= 'Z' ? static_cast<char>(octet | 0x20) : octet;
}
// Value of a hex digit; the octet must be one.
inline constexpr unsigned hex_value(char digit) {
  return digit <= '9' ? static_cast<unsigned>(digit - '0')
                      : (static_cast<unsigned>(digit) | 0x20u) - 'a' + 10;
}

}  // namespace pelton::http
