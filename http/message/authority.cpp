#include "http/message/authority.hpp"

#include <algorithm>
#include <charconv>

#include "core/check.hpp"
#include "http/message/octets.hpp"

namespace pelton::http {
namespace {

// RFC 3986 dec-octet, four times: no leading zero, at most 255.
bool is_ipv4(std::string_view text) {
  int parts = 0;
  while (true) {
    std::size_t digits = 0;
    unsigned value = 0;
    while (digits < text.size() && octet_is(text[digits], octet_digit)) {
      value = value * 10 + hex_value(text[digits]);
      if (++digits > 3) return false;
    }
    if (digits == 0 || value > 255 || (digits > 1 && text[0] == '0')) return false;
    ++parts;
    if (digits == text.size()) return parts == 4;
    if (parts == 4 || text[digits] != '.') return false;
    text.remove_prefix(digits + 1);
  }
}

// RFC 3986 IPv6address: eight groups, at most one run of them left out by "::", the last two
// perhaps written as IPv4.
bool is_ipv6(std::string_view text) {
  int groups = 0;
  bool elided = false;
  if (text.starts_with("::")) {
    elided = true;
    text.remove_prefix(2);
    if (text.empty()) return true;
  }
  while (true) {
    std::size_t digits = 0;
    while (digits < text.size() && octet_is(text[digits], octet_hex)) ++digits;
    if (digits < text.size() && text[digits] == '.') {
      groups += 2;
      return is_ipv4(text) && (elided ? groups < 8 : groups == 8);
    }
    if (digits == 0 || digits > 4) return false;
    ++groups;
    text.remove_prefix(digits);
    if (text.empty()) return elided ? groups < 8 : groups == 8;
    if (text[0] != ':') return false;
    text.remove_prefix(1);
    if (text.starts_with(':')) {
      if (elided) return false;
      elided = true;
      text.remove_prefix(1);
      if (text.empty()) return groups < 8;
    }
  }
}

}  // namespace

bool read_authority(std::string_view text, Authority& parts) {
  std::size_t host_bytes = 0;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || !is_ipv6(text.substr(1, close - 1))) return false;
    host_bytes = close + 1;
  } else {
    while (host_bytes < text.size() && octet_is(text[host_bytes], octet_host)) ++host_bytes;
    if (host_bytes == 0 || host_bytes > host_bytes_max) return false;
  }
  parts.host = text.substr(0, host_bytes);
  parts.port = 0;
  if (host_bytes == text.size()) return true;
  const std::string_view port = text.substr(host_bytes + 1);
  if (text[host_bytes] != ':' || !is_port(port)) return false;
  std::from_chars(port.data(), port.data() + port.size(), parts.port);
  return true;
}

std::size_t normalise_authority(std::string_view text, std::uint16_t default_port, char* into) {
  Authority parts;
  CHECK(read_authority(text, parts));
  const bool port_kept = parts.port != 0 && parts.port != default_port;
  const std::string_view kept = port_kept ? text : parts.host;
  std::transform(kept.begin(), kept.end(), into, to_lower);
  return kept.size();
}

bool same_authority(std::string_view left, std::string_view right, std::uint16_t default_port) {
  Authority a;
  Authority b;
  CHECK(read_authority(left, a));
  CHECK(read_authority(right, b));
  const auto port_of = [&](const Authority& parts) {
    return parts.port == 0 ? default_port : parts.port;
  };
  return port_of(a) == port_of(b) && std::ranges::equal(a.host, b.host, {}, to_lower, to_lower);
}

}  // namespace pelton::http
