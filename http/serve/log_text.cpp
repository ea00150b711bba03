#include "http/serve/log_text.hpp"

#include <cstring>

namespace pelton::http {
namespace {

constexpr std::size_t block_bytes = json::scan_block_bytes;

// Octets outside ASCII are negative.
constexpr bool needs_escape(signed char octet) {
  return octet < 0x20 || octet == 0x7F || octet == '"' || octet == '\\';
}

// Copies a block; false if one of its octets needs an escape.
bool copy_block(char* out, const char* from) {
  const auto block = json::ScanBlock::load(from);
  block.store(out);
  return log_escapes(block) == 0;
}

char* put_escaped(char* out, const char* from, std::size_t bytes, LogEscape escape) {
  static constexpr char digits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes; ++i) {
    const char octet = from[i];
    if (!needs_escape(static_cast<signed char>(octet))) {
      *out++ = octet;
      continue;
    }
    if (escape == LogEscape::json) *out++ = '\\';
    *out++ = '\\';
    *out++ = 'x';
    *out++ = digits[static_cast<unsigned char>(octet) >> 4];
    *out++ = digits[static_cast<unsigned char>(octet) & 15];
  }
  return out;
}

}  // namespace

char* put_long_log_text(char* out, std::string_view octets, LogEscape escape) {
  const char* from = octets.data();
  std::size_t left = octets.size();
  while (left >= block_bytes) {
    if (copy_block(out, from)) [[likely]] {
      out += block_bytes;
    } else {
      out = put_escaped(out, from, block_bytes, escape);
    }
    from += block_bytes;
    left -= block_bytes;
  }
  if (left == 0) return out;
  // The rest as one more block, filled with plain octets.
  char rest[block_bytes];
  std::memset(rest, ' ', sizeof rest);
  std::memcpy(rest, from, left);
  return copy_block(out, rest) ? out + left : put_escaped(out, from, left, escape);
}

}  // namespace pelton::http
