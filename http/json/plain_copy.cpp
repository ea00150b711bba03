#include "http/json/plain_copy.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace noria::http::json {
namespace {

#if defined(__x86_64__)

// Copies 32 octets; an octet of the result is not zero where one must be escaped.
[[gnu::target("avx2")]] inline __m256i copy_32(char* out, const char* text) {
  const __m256i octets = _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(text));
  _mm256_storeu_si256(reinterpret_cast<__m256i_u*>(out), octets);
  const __m256i quotes = _mm256_cmpeq_epi8(octets, _mm256_set1_epi8('"'));
  const __m256i backslashes = _mm256_cmpeq_epi8(octets, _mm256_set1_epi8('\\'));
  const __m256i controls =
      _mm256_cmpeq_epi8(_mm256_min_epu8(octets, _mm256_set1_epi8(0x1f)), octets);
  return _mm256_or_si256(_mm256_or_si256(quotes, backslashes), controls);
}

[[gnu::target("avx2")]] bool copy_plain_avx2(char* out, const char* text, std::size_t bytes) {
  constexpr std::size_t width = 32;
  std::size_t i = 0;
  for (; i + 2 * width < bytes; i += 2 * width) {
    const __m256i first = copy_32(out + i, text + i);
    const __m256i both = _mm256_or_si256(first, copy_32(out + i + width, text + i + width));
    if (_mm256_testz_si256(both, both) == 0) return false;
  }
  // At most two blocks are left; the last one overlaps what was copied before.
  __m256i rest = copy_32(out + bytes - width, text + bytes - width);
  if (i + width < bytes) rest = _mm256_or_si256(rest, copy_32(out + i, text + i));
  return _mm256_testz_si256(rest, rest) != 0;
}

// The same for 64 octets, and as a mask.
[[gnu::target("avx512bw")]] inline __mmask64 copy_64(char* out, const char* text) {
  const __m512i octets = _mm512_loadu_si512(text);
  _mm512_storeu_si512(out, octets);
  return _mm512_cmpeq_epi8_mask(octets, _mm512_set1_epi8('"')) |
         _mm512_cmpeq_epi8_mask(octets, _mm512_set1_epi8('\\')) |
         _mm512_cmplt_epu8_mask(octets, _mm512_set1_epi8(0x20));
}

[[gnu::target("avx512bw")]] bool copy_plain_avx512(char* out, const char* text, std::size_t bytes) {
  constexpr std::size_t width = 64;
  if (bytes < width) return copy_plain_avx2(out, text, bytes);
  std::size_t i = 0;
  for (; i + 2 * width < bytes; i += 2 * width) {
    if ((copy_64(out + i, text + i) | copy_64(out + i + width, text + i + width)) != 0) {
      return false;
    }
  }
  const __mmask64 middle = i + width < bytes ? copy_64(out + i, text + i) : 0;
  return (middle | copy_64(out + bytes - width, text + bytes - width)) == 0;
}

constexpr CopyPlain copies[] = {&copy_plain_avx512, &copy_plain_avx2, &copy_plain_blocks<>};

std::size_t first_supported() {
  if (__builtin_cpu_supports("avx512bw")) return 0;
  return __builtin_cpu_supports("avx2") ? 1 : 2;
}

#else

constexpr CopyPlain copies[] = {&copy_plain_blocks<>};

std::size_t first_supported() {
  return 0;
}

#endif

// Settled when the program is loaded: it depends on nothing but the machine.
const CopyPlain widest = copies[first_supported()];

}  // namespace

bool copy_plain(char* out, const char* text, std::size_t bytes) {
  return widest(out, text, bytes);
}

std::span<const CopyPlain> plain_copies() {
  return std::span(copies).subspan(first_supported());
}

}  // namespace noria::http::json
