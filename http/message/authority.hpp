// The authority of a request: `host [":" port]` (H1-041), its normal form and its comparison
// (H1-042). Nothing here allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/message/octets.hpp"

namespace pelton::http {

// The ports of schemes without an explicit port (RFC 9110 section 4.2).
inline constexpr std::uint16_t http_port = 80;
inline constexpr std::uint16_t https_port = 443;

inline constexpr std::size_t host_bytes_max = 253;
// Host, colon and five digits.
inline constexpr std::size_t authority_bytes_max = host_bytes_max + 6;

struct Authority {
  std::string_view host;   // with the brackets of an IPv6 address
  std::uint16_t port = 0;  // 0: none given
};

// Whether `text` is a port by H1-041: 1 to 65535, no leading zero.
inline bool is_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || text[0] == '0') return false;
  std::uint32_t value = 0;
  for (const char octet : text) {
    if (!octet_is(octet, octet_digit)) return false;
    value = value * 10 + hex_value(octet);
  }
  return value <= 65535;
}

// Whether `text` is an authority by H1-041; its parts go to `parts`.
bool read_authority(std::string_view text, Authority& parts);

// Writes the normal form, lower case and without `default_port`, to `into`, which holds at least
// `text.size()` octets. Returns the octets written; `text` must be a valid authority.
std::size_t normalise_authority(std::string_view text, std::uint16_t default_port, char* into);

// Whether two valid authorities have the same normal form.
bool same_authority(std::string_view left, std::string_view right, std::uint16_t default_port);

}  // namespace pelton::http
