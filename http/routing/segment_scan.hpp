// Scans a segment of a path once: where it ends, whether it has escapes, and its hash among the
// children of a node. The first word holds the whole of a text of up to eight octets.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/message/octet_word.hpp"
#include "http/routing/keyed_hash.hpp"

namespace pelton::http {

struct SegmentScan {
  std::string_view text;
  std::uint64_t first_word = 0;
  std::uint64_t hash = 0;
  bool has_escape = false;
};

enum class SegmentEnd : bool { at_slash, at_end };

inline constexpr std::uint64_t segment_hash_factor = 0xD6E8'FEB8'6659'FD93u;
inline constexpr std::uint64_t segment_hash_start = 0x9E37'79B9'7F4A'7C15u;

template <SegmentEnd segment_end>
[[gnu::always_inline]] inline SegmentScan scan_octets(const char* begin, const char* end,
                                                      std::uint64_t node_key) {
  SegmentScan scan;
  std::uint64_t escapes = 0;
  std::uint64_t state = node_key ^ segment_hash_start;
  const char* at = begin;
  while (true) {
    const auto left = static_cast<std::size_t>(end - at);
    std::uint64_t word = left >= 8 ? octet_word::load(at) : octet_word::load_short(at, left);
    std::uint64_t ends = left >= 8 ? 0 : std::uint64_t{0x80} << (8 * left);
    if (segment_end == SegmentEnd::at_slash) ends |= octet_word::equal_to(word, '/');
    if (ends != 0) {
      // The octets below the lowest mark belong to the segment.
      const std::uint64_t bits = ends & (0 - ends);
      word &= (bits >> 7) - 1;
      escapes |= octet_word::equal_to(word, '%');
      if (at == begin) scan.first_word = word;
      scan.text = {begin, static_cast<std::size_t>(at - begin) + octet_word::first_index(bits)};
      scan.hash = folded_product(state ^ word, segment_hash_factor ^ scan.text.size());
      scan.has_escape = escapes != 0;
      return scan;
    }
    escapes |= octet_word::equal_to(word, '%');
    if (at == begin) scan.first_word = word;
    state = folded_product(state ^ word, segment_hash_factor);
    at += 8;
  }
}

// The segment that begins here and ends at the next '/' or at `end`.
inline SegmentScan scan_segment(const char* begin, const char* end, std::uint64_t node_key) {
  return scan_octets<SegmentEnd::at_slash>(begin, end, node_key);
}

// A decoded segment, in which '/' is an ordinary octet.
inline SegmentScan whole_segment(const char* begin, const char* end, std::uint64_t node_key) {
  return scan_octets<SegmentEnd::at_end>(begin, end, node_key);
}

}  // namespace pelton::http
