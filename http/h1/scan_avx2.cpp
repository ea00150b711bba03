// Compiled for the baseline machine; only functions marked AVX2 use AVX2, and they run only if the
// table below was chosen.
#include "http/h1/scan.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstdint>

namespace pelton::http {
namespace {

[[gnu::target("avx2"), gnu::always_inline]] inline __m256i load(const char* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}

[[gnu::target("avx2"), gnu::always_inline]] inline __m256i is(__m256i octets, char octet) {
  return _mm256_cmpeq_epi8(octets, _mm256_set1_epi8(octet));
}

// Signed: octets from 0x80 up count as below 0x21.
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i no_target(__m256i octets) {
  const __m256i low = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x21), octets);
  return _mm256_or_si256(_mm256_or_si256(low, is(octets, 0x7f)), is(octets, '#'));
}

[[gnu::target("avx2")]] const char* path_stop(const char* p, const char* end) {
  for (; end - p >= 32; p += 32) {
    const __m256i octets = load(p);
    const __m256i marks =
        _mm256_or_si256(_mm256_or_si256(is(octets, '?'), is(octets, '%')), is(octets, '\\'));
    const auto stops =
        static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_or_si256(no_target(octets), marks)));
    if (stops != 0) return p + __builtin_ctz(stops);
  }
  return sse2_scanner().path_stop(p, end);
}

[[gnu::target("avx2")]] const char* query_stop(const char* p, const char* end) {
  for (; end - p >= 32; p += 32) {
    const auto stops = static_cast<std::uint32_t>(_mm256_movemask_epi8(no_target(load(p))));
    if (stops != 0) return p + __builtin_ctz(stops);
  }
  return sse2_scanner().query_stop(p, end);
}

[[gnu::target("avx2")]] const char* value_stop(const char* p, const char* end) {
  for (; end - p >= 32; p += 32) {
    const __m256i octets = load(p);
    const __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(octets, _mm256_set1_epi8(0x1f)), octets);
    const auto stops = static_cast<std::uint32_t>(_mm256_movemask_epi8(
        _mm256_or_si256(_mm256_andnot_si256(is(octets, '\t'), low), is(octets, 0x7f))));
    if (stops != 0) return p + __builtin_ctz(stops);
  }
  return sse2_scanner().value_stop(p, end);
}

constexpr Scanner scanner{"avx2", Scanner::Lines::avx2, path_stop, query_stop, value_stop};

}  // namespace

const Scanner& avx2_scanner() {
  return scanner;
}

}  // namespace pelton::http

#endif
