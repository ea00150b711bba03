// Up to eight octets as one number, the first octet lowest on every machine, so that scans and
// hashes handle eight octets with a few instructions.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace pelton::http {

namespace octet_word {

inline constexpr std::uint64_t ones = 0x0101'0101'0101'0101u;
inline constexpr std::uint64_t low_bits = 0x7F7F'7F7F'7F7F'7F7Fu;

inline std::uint64_t load(const char* octets) {
  std::uint64_t word;
  std::memcpy(&word, octets, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = std::byteswap(word);
  return word;
}

inline std::uint64_t load_half(const char* octets) {
  std::uint32_t half;
  std::memcpy(&half, octets, sizeof half);
  if constexpr (std::endian::native == std::endian::big) half = std::byteswap(half);
  return half;
}

// Loads fewer than eight octets; the missing ones are zero. Reads nothing after them.
inline std::uint64_t load_short(const char* octets, std::size_t bytes) {
  if (bytes >= 4) {
    const std::size_t rest = bytes - 4;
    return load_half(octets) | load_half(octets + rest) << (8 * rest);
  }
  if (bytes == 0) return 0;
  const auto at = [&](std::size_t index) {
    return std::uint64_t{static_cast<unsigned char>(octets[index])} << (8 * index);
  };
  return at(0) | at(bytes / 2) | at(bytes - 1);
}

// The highest bit of every octet that equals `octet`, and no other bit.
inline std::uint64_t equal_to(std::uint64_t word, char octet) {
  const std::uint64_t difference = word ^ (ones * static_cast<unsigned char>(octet));
  return ~(((difference & low_bits) + low_bits) | difference | low_bits);
}

inline std::uint32_t first_index(std::uint64_t marks) {
  return static_cast<std::uint32_t>(std::countr_zero(marks)) / 8;
}

}  // namespace octet_word

}  // namespace pelton::http
