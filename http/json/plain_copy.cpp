#include "http/json/plain_copy.hpp"

#include <algorithm>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace pelton::http::json {
namespace {

bool copy_plain_portable(char* out, const char* text, std::size_t bytes) {
  return bytes <= short_bytes_max ? copy_plain_short(out, text, bytes)
                                  : copy_plain_blocks(out, text, bytes);
}

#if defined(__x86_64__)

// An octet of the result is 0xFF if it must be escaped, else 0.
[[gnu::target("avx2")]] inline __m256i special_of_32(__m256i octets) {
  const __m256i quotes = _mm256_cmpeq_epi8(octets, _mm256_set1_epi8('"'));
  const __m256i backslashes = _mm256_cmpeq_epi8(octets, _mm256_set1_epi8('\\'));
  const __m256i controls =
      _mm256_cmpeq_epi8(_mm256_min_epu8(octets, _mm256_set1_epi8(0x1f)), octets);
  return _mm256_or_si256(_mm256_or_si256(quotes, backslashes), controls);
}

[[gnu::target("avx2")]] inline __m256i copy_32(char* out, const char* text) {
  const __m256i octets = _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(text));
  _mm256_storeu_si256(reinterpret_cast<__m256i_u*>(out), octets);
  return special_of_32(octets);
}

// Loads octets that lie in a readable page but perhaps outside the text: hidden from the sanitizer.
[[gnu::target("avx2"), gnu::no_sanitize_address, gnu::no_sanitize_thread]] inline __m256i
load_32_in_page(const char* text) {
  return *reinterpret_cast<const __m256i_u*>(text);
}

[[gnu::target("avx2")]] bool copy_plain_avx2(char* out, const char* text, std::size_t bytes) {
  constexpr std::size_t width = 32;
  if (bytes <= width) {
    if (!lies_in_page(text, width)) [[unlikely]]
      return copy_plain_short(out, text, bytes);
    const __m256i octets = load_32_in_page(text);
    _mm256_storeu_si256(reinterpret_cast<__m256i_u*>(out), octets);
    const auto special = static_cast<std::uint32_t>(_mm256_movemask_epi8(special_of_32(octets)));
    return std::uint64_t{special} << (63 - bytes) << 1 == 0;
  }
  std::size_t i = 0;
  for (; i + 2 * width < bytes; i += 2 * width) {
    const __m256i first = copy_32(out + i, text + i);
    const __m256i both = _mm256_or_si256(first, copy_32(out + i + width, text + i + width));
    if (_mm256_testz_si256(both, both) == 0) return false;
  }
  // At most two blocks are left; the last one overlaps octets already copied.
  __m256i rest = copy_32(out + bytes - width, text + bytes - width);
  if (i + width < bytes) rest = _mm256_or_si256(rest, copy_32(out + i, text + i));
  return _mm256_testz_si256(rest, rest) != 0;
}

// Copies the first `bytes` of 64 octets; returns a mask of those that must be escaped.
[[gnu::target("avx512bw,avx512vl,bmi2")]] inline __mmask64 copy_up_to_64(char* out,
                                                                         const char* text,
                                                                         unsigned bytes) {
  const __mmask64 taken = _bzhi_u64(~std::uint64_t{0}, bytes);
  const __m512i octets = _mm512_maskz_loadu_epi8(taken, text);
  _mm512_mask_storeu_epi8(out, taken, octets);
  return _mm512_mask_cmpeq_epi8_mask(taken, octets, _mm512_set1_epi8('"')) |
         _mm512_mask_cmpeq_epi8_mask(taken, octets, _mm512_set1_epi8('\\')) |
         _mm512_mask_cmplt_epu8_mask(taken, octets, _mm512_set1_epi8(0x20));
}

// The same for 32 octets.
[[gnu::target("avx512bw,avx512vl,bmi2")]] inline __mmask32 copy_up_to_32(char* out,
                                                                         const char* text,
                                                                         unsigned bytes) {
  const __mmask32 taken = _bzhi_u32(~std::uint32_t{0}, bytes);
  const __m256i octets = _mm256_maskz_loadu_epi8(taken, text);
  _mm256_mask_storeu_epi8(out, taken, octets);
  return _mm256_mask_cmpeq_epi8_mask(taken, octets, _mm256_set1_epi8('"')) |
         _mm256_mask_cmpeq_epi8_mask(taken, octets, _mm256_set1_epi8('\\')) |
         _mm256_mask_cmplt_epu8_mask(taken, octets, _mm256_set1_epi8(0x20));
}

// Two registers at a time, so that strings of up to 128 octets, as most are, take no branch on
// their length. Those of up to 32 are so common that they have their own code.
[[gnu::target("avx512bw,avx512vl,bmi2")]] bool copy_plain_avx512(char* out, const char* text,
                                                                 std::size_t bytes) {
  if (bytes <= 32) return copy_up_to_32(out, text, static_cast<unsigned>(bytes)) == 0;
  constexpr std::size_t width = 64;
  for (; bytes > 2 * width; bytes -= 2 * width, text += 2 * width, out += 2 * width) {
    if ((copy_up_to_64(out, text, width) | copy_up_to_64(out + width, text + width, width)) != 0) {
      return false;
    }
  }
  const auto first = static_cast<unsigned>(std::min(bytes, width));
  const auto second = static_cast<unsigned>(bytes) - first;
  return (copy_up_to_64(out, text, first) | copy_up_to_64(out + width, text + width, second)) == 0;
}

constexpr CopyPlain copies[] = {&copy_plain_avx512, &copy_plain_avx2, &copy_plain_portable};

std::size_t first_supported() {
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("bmi2")) {
    return 0;
  }
  return __builtin_cpu_supports("avx2") ? 1 : 2;
}

#else

constexpr CopyPlain copies[] = {&copy_plain_portable};

std::size_t first_supported() {
  return 0;
}

#endif

}  // namespace

const CopyPlain copy_plain = copies[first_supported()];

std::span<const CopyPlain> plain_copies() {
  return std::span(copies).subspan(first_supported());
}

}  // namespace pelton::http::json
