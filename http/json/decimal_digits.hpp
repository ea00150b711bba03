// Eight decimal digits at a time in one 64-bit word: three multiplications instead of eight
// divisions, and no branch on the number of digits.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace pelton::http::json {

inline constexpr std::uint64_t ascii_zeros = 0x3030303030303030;

// The digits of a value below 10^8, one per octet, the first digit in the lowest octet. Each step
// divides all groups at once: by 10^4, by 100, by 10, with a reciprocal that is exact in its range.
constexpr std::uint64_t eight_digit_octets(std::uint32_t value) {
  constexpr std::uint64_t reciprocal_10000 = (std::uint64_t{1} << 40) / 10000 + 1;
  constexpr std::uint64_t reciprocal_100 = (1 << 19) / 100 + 1;
  constexpr std::uint64_t reciprocal_10 = (1 << 10) / 10 + 1;
  // quotient + (value - divisor * quotient) << lane, as one multiplication and one addition.
  const std::uint64_t tops = (value * reciprocal_10000) >> 40;
  const std::uint64_t fours =
      (std::uint64_t{value} << 32) - tops * ((std::uint64_t{10000} << 32) - 1);
  const std::uint64_t pairs_top = ((fours * reciprocal_100) >> 19) & 0x0000007f0000007f;
  const std::uint64_t pairs = (fours << 16) - pairs_top * ((100 << 16) - 1);
  const std::uint64_t ones_top = ((pairs * reciprocal_10) >> 10) & 0x000f000f000f000f;
  return (pairs << 8) - ones_top * ((10 << 8) - 1);
}

// The text of 0 to 999 without leading zeros: one load and one store, no branch on the length.
struct SmallNumber {
  char text[3];
  std::uint8_t bytes;
};

inline constexpr std::array<SmallNumber, 1000> small_numbers = [] {
  std::array<SmallNumber, 1000> numbers{};
  for (unsigned i = 0; i < 1000; ++i) {
    SmallNumber& number = numbers[i];
    for (unsigned power = i >= 100 ? 100 : i >= 10 ? 10 : 1; power > 0; power /= 10) {
      number.text[number.bytes++] = static_cast<char>('0' + i / power % 10);
    }
  }
  return numbers;
}();

// Writes four octets and returns the end of the number's own.
inline char* write_small_number(char* out, std::uint32_t value) {
  std::memcpy(out, &small_numbers[value], sizeof(SmallNumber));
  return out + small_numbers[value].bytes;
}

inline void store8(char* out, std::uint64_t octets) {
  std::memcpy(out, &octets, sizeof octets);
}

// The sixteen digits of a value below 10^16, as text.
struct PortableDigits {
  static PortableDigits from(std::uint64_t value) {
    return {eight_digit_octets(static_cast<std::uint32_t>(value / 100'000'000)),
            eight_digit_octets(static_cast<std::uint32_t>(value % 100'000'000))};
  }
  // How many of these digits and one more precede the trailing zeros; at least 1.
  int count_with(unsigned seventeenth) const {
    if (seventeenth != 0) return 17;
    return second != 0 ? 16 - std::countl_zero(second) / 8 : 8 - std::countl_zero(first | 1) / 8;
  }
  std::uint64_t first_eight() const { return first + ascii_zeros; }
  std::uint64_t second_eight() const { return second + ascii_zeros; }
  void store(char* out) const {
    store8(out, first + ascii_zeros);
    store8(out + 8, second + ascii_zeros);
  }

  std::uint64_t first;
  std::uint64_t second;
};

#if defined(__SSE2__)
// The same steps as eight_digit_octets. The groups of four come from independent divisions.
struct Sse2Digits {
  static Sse2Digits from(std::uint64_t value) {
    const std::uint64_t upper4 = value / 1'000'000'000'000;
    const std::uint64_t upper8 = value / 100'000'000;
    const std::uint64_t upper12 = value / 10'000;
    const __m128i fours = _mm_set_epi64x(
        static_cast<std::int64_t>((value - upper12 * 10'000) << 32 | (upper12 - upper8 * 10'000)),
        static_cast<std::int64_t>((upper8 - upper4 * 10'000) << 32 | upper4));
    const __m128i top2 =
        _mm_srli_epi16(_mm_mulhi_epu16(fours, _mm_set1_epi32((1 << 19) / 100 + 1)), 3);
    const __m128i low2 = _mm_sub_epi16(fours, _mm_mullo_epi16(top2, _mm_set1_epi32(100)));
    const __m128i pairs = _mm_or_si128(top2, _mm_slli_epi32(low2, 16));
    const __m128i top1 = _mm_mulhi_epu16(pairs, _mm_set1_epi16((1 << 16) / 10 + 1));
    const __m128i digits = _mm_sub_epi16(_mm_slli_epi16(pairs, 8),
                                         _mm_mullo_epi16(top1, _mm_set1_epi16((10 << 8) - 1)));
    return {_mm_or_si128(digits, _mm_set1_epi8('0'))};
  }
  int count_with(unsigned seventeenth) const {
    const __m128i others = _mm_cmpgt_epi8(octets, _mm_set1_epi8('0'));
    // Bit 16 by arithmetic: a branch on that digit would often be mispredicted.
    return std::bit_width(static_cast<std::uint32_t>(_mm_movemask_epi8(others)) |
                          (((seventeenth + 15) & 16) << 12) | 1);
  }
  std::uint64_t first_eight() const {
    return static_cast<std::uint64_t>(_mm_cvtsi128_si64(octets));
  }
  std::uint64_t second_eight() const {
    return static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(octets, octets)));
  }
  void store(char* out) const { _mm_storeu_si128(reinterpret_cast<__m128i_u*>(out), octets); }

  __m128i octets;
};
using SixteenDigits = Sse2Digits;
#else
using SixteenDigits = PortableDigits;
#endif

}  // namespace pelton::http::json
