// Finds the first special octet of a JSON string (the quote, the backslash or a control octet) and
// whether all before it is ASCII. Sixteen octets at a time.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace pelton::http::json {

inline constexpr std::size_t scan_block_bytes = 16;

constexpr bool is_special(unsigned char octet) {
  return octet == '"' || octet == '\\' || octet < 0x20;
}

// Whether reading `bytes` at `p`, of which the first may be read, cannot fault.
inline bool lies_in_page(const char* p, std::size_t bytes) {
  constexpr std::uintptr_t page_bytes = 4096;
  return (reinterpret_cast<std::uintptr_t>(p) & (page_bytes - 1)) <= page_bytes - bytes;
}

// The portable variant: same results, used where there is no SSE2, tested everywhere.
struct PortableBlock {
  static PortableBlock load(const char* from) {
    PortableBlock block;
    std::memcpy(block.octets, from, scan_block_bytes);
    return block;
  }
  // Loads octets that lie in a readable page but perhaps outside the object: hidden from the
  // sanitizer, which checks memcpy.
  [[gnu::no_sanitize_address, gnu::no_sanitize_thread]] static PortableBlock load_in_page(
      const char* from) {
    PortableBlock block;
    for (unsigned i = 0; i < scan_block_bytes; ++i) {
      block.octets[i] = static_cast<unsigned char>(from[i]);
    }
    return block;
  }
  void store(char* to) const { std::memcpy(to, octets, scan_block_bytes); }

  // Bit i is set when octet i is a quote, a backslash or a control.
  std::uint32_t special() const {
    std::uint32_t mask = 0;
    for (unsigned i = 0; i < scan_block_bytes; ++i) {
      mask |= static_cast<std::uint32_t>(is_special(octets[i])) << i;
    }
    return mask;
  }
  // Bit i is set when octet i is not ASCII.
  std::uint32_t high() const {
    std::uint32_t mask = 0;
    for (unsigned i = 0; i < scan_block_bytes; ++i) {
      mask |= static_cast<std::uint32_t>(octets[i] >> 7) << i;
    }
    return mask;
  }
  // Bit i is set when octet i is this one.
  std::uint32_t equal_to(char octet) const {
    std::uint32_t mask = 0;
    for (unsigned i = 0; i < scan_block_bytes; ++i) {
      mask |= static_cast<std::uint32_t>(octets[i] == static_cast<unsigned char>(octet)) << i;
    }
    return mask;
  }
  // Bit i is set when octet i is no decimal digit.
  std::uint32_t other_than_digits() const {
    std::uint32_t mask = 0;
    for (unsigned i = 0; i < scan_block_bytes; ++i) {
      mask |= static_cast<std::uint32_t>(octets[i] < '0' || octets[i] > '9') << i;
    }
    return mask;
  }

  unsigned char octets[scan_block_bytes];
};

#if defined(__SSE2__)
struct Sse2Block {
  static Sse2Block load(const char* from) {
    return {_mm_loadu_si128(reinterpret_cast<const __m128i_u*>(from))};
  }
  [[gnu::no_sanitize_address, gnu::no_sanitize_thread]] static Sse2Block load_in_page(
      const char* from) {
    return {*reinterpret_cast<const __m128i_u*>(from)};
  }
  void store(char* to) const { _mm_storeu_si128(reinterpret_cast<__m128i_u*>(to), octets); }
  std::uint32_t special() const {
    // With bit 1 flipped the quote is next to the controls, below 0x21; with the top bit flipped
    // signed order is unsigned order.
    constexpr char flip = static_cast<char>(0x82);
    const __m128i flipped = _mm_xor_si128(octets, _mm_set1_epi8(flip));
    const __m128i hits =
        _mm_or_si128(_mm_cmpgt_epi8(_mm_set1_epi8(static_cast<char>(0x21 ^ 0x80)), flipped),
                     _mm_cmpeq_epi8(flipped, _mm_set1_epi8(static_cast<char>('\\' ^ flip))));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(hits));
  }
  std::uint32_t high() const { return static_cast<std::uint32_t>(_mm_movemask_epi8(octets)); }
  std::uint32_t equal_to(char octet) const {
    return static_cast<std::uint32_t>(
        _mm_movemask_epi8(_mm_cmpeq_epi8(octets, _mm_set1_epi8(octet))));
  }
  std::uint32_t other_than_digits() const {
    // Maps digits to the ten smallest signed octets.
    const __m128i values = _mm_sub_epi8(octets, _mm_set1_epi8(static_cast<char>('0' + 0x80)));
    return static_cast<std::uint32_t>(
        _mm_movemask_epi8(_mm_cmpgt_epi8(values, _mm_set1_epi8(-0x80 + 9))));
  }

  __m128i octets;
};
using ScanBlock = Sse2Block;
#else
using ScanBlock = PortableBlock;
#endif

struct StringRun {
  const char* stop;  // the first special octet
  bool ascii;        // nothing before it has its top bit set
};

// The text must contain a special octet at or after `p` (such as a NUL after it); whole blocks are
// read only up to `readable_end`.
template <class Block = ScanBlock>
inline StringRun scan_string_run(const char* p, const char* readable_end) {
  std::uint32_t high = 0;
  while (static_cast<std::size_t>(readable_end - p) >= scan_block_bytes) {
    const Block block = Block::load(p);
    const std::uint32_t special = block.special();
    if (special != 0) {
      const int n = std::countr_zero(special);
      high |= block.high() & ((std::uint32_t{1} << n) - 1);
      return {p + n, high == 0};
    }
    high |= block.high();
    p += scan_block_bytes;
  }
  while (!is_special(static_cast<unsigned char>(*p))) {
    high |= static_cast<unsigned char>(*p) >> 7;
    ++p;
  }
  return {p, high == 0};
}

}  // namespace pelton::http::json
