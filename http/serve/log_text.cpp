#include "http/serve/log_text.hpp"

#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace noria::http {
namespace {

constexpr std::size_t block_bytes = 16;

// What is not ASCII is negative.
constexpr bool needs_escape(signed char octet) {
  return octet < 0x20 || octet == 0x7F || octet == '"' || octet == '\\';
}

#if defined(__SSE2__)
// Copies sixteen octets; false if one of them needs an escape.
bool copy_block(char* out, const char* from) {
  const __m128i octets = _mm_loadu_si128(reinterpret_cast<const __m128i_u*>(from));
  _mm_storeu_si128(reinterpret_cast<__m128i_u*>(out), octets);
  const __m128i low = _mm_cmplt_epi8(octets, _mm_set1_epi8(0x20));
  const __m128i del = _mm_cmpeq_epi8(octets, _mm_set1_epi8(0x7F));
  const __m128i quotes = _mm_cmpeq_epi8(octets, _mm_set1_epi8('"'));
  const __m128i backslashes = _mm_cmpeq_epi8(octets, _mm_set1_epi8('\\'));
  const __m128i hits = _mm_or_si128(_mm_or_si128(low, del), _mm_or_si128(quotes, backslashes));
  return _mm_movemask_epi8(hits) == 0;
}
#else
bool copy_block(char* out, const char* from) {
  std::memcpy(out, from, block_bytes);
  bool hit = false;
  for (std::size_t i = 0; i < block_bytes; ++i) {
    hit |= needs_escape(static_cast<signed char>(from[i]));
  }
  return !hit;
}
#endif

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

char* put_log_text(char* out, std::string_view octets, LogEscape escape) {
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
  // The rest once more as a block, filled up with what is plain.
  char rest[block_bytes];
  std::memset(rest, ' ', sizeof rest);
  std::memcpy(rest, from, left);
  return copy_block(out, rest) ? out + left : put_escaped(out, from, left, escape);
}

}  // namespace noria::http
