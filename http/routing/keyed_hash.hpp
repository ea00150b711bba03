// A hash of short texts under a secret per-process key (URL-005): two 64-bit multiplications for up
// to sixteen octets. Stored texts come from the application, looked-up texts from clients.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/message/octet_word.hpp"

namespace pelton::http {

inline std::uint64_t folded_product(std::uint64_t left, std::uint64_t right) {
  const auto product = static_cast<unsigned __int128>(left) * right;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t keyed_hash(std::uint64_t key, std::string_view text) {
  constexpr std::uint64_t first = 0x9E37'79B9'7F4A'7C15u;
  constexpr std::uint64_t second = 0xD6E8'FEB8'6659'FD93u;
  const char* octets = text.data();
  std::size_t left = text.size();
  std::uint64_t state = key ^ first;
  for (; left > 16; left -= 16, octets += 16) {
    state = folded_product(octet_word::load(octets) ^ second, octet_word::load(octets + 8) ^ state);
  }
  std::uint64_t low;
  std::uint64_t high = 0;
  if (left >= 8) {
    low = octet_word::load(octets);
    high = octet_word::load(octets + left - 8);
  } else {
    low = octet_word::load_short(octets, left);
  }
  return folded_product(folded_product(low ^ second, high ^ state), key ^ text.size() ^ second);
}

inline bool same_text(const char* left, const char* right, std::size_t bytes) {
  if (bytes < 8) {
    return octet_word::load_short(left, bytes) == octet_word::load_short(right, bytes);
  }
  std::size_t index = 0;
  for (; index + 8 < bytes; index += 8) {
    if (octet_word::load(left + index) != octet_word::load(right + index)) return false;
  }
  return octet_word::load(left + bytes - 8) == octet_word::load(right + bytes - 8);
}

}  // namespace pelton::http
