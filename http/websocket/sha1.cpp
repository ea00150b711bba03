#include "http/websocket/sha1.hpp"

#include <bit>
#include <cstring>

namespace pelton::http::websocket {
namespace {

constexpr std::size_t block_bytes = 64;

using Block = std::array<std::uint8_t, block_bytes>;
using Words = std::array<std::uint32_t, 5>;

std::uint32_t mixed(unsigned round, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  if (round < 20) return ((b & c) | (~b & d)) + 0x5A827999;
  if (round < 40) return (b ^ c ^ d) + 0x6ED9EBA1;
  if (round < 60) return ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDC;
  return (b ^ c ^ d) + 0xCA62C1D6;
}

void take_in(Words& hash, const Block& block) {
  std::array<std::uint32_t, 80> schedule;
  for (std::size_t index = 0; index < 16; ++index) {
    std::uint32_t word = 0;
    for (std::size_t octet = 0; octet < 4; ++octet) word = word << 8 | block[index * 4 + octet];
    schedule[index] = word;
  }
  for (std::size_t index = 16; index < schedule.size(); ++index) {
    schedule[index] = std::rotl(
        schedule[index - 3] ^ schedule[index - 8] ^ schedule[index - 14] ^ schedule[index - 16], 1);
  }
  auto [a, b, c, d, e] = hash;
  for (unsigned round = 0; round < schedule.size(); ++round) {
    const std::uint32_t next = std::rotl(a, 5) + mixed(round, b, c, d) + e + schedule[round];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  hash[0] += a;
  hash[1] += b;
  hash[2] += c;
  hash[3] += d;
  hash[4] += e;
}

}  // namespace

std::array<std::uint8_t, sha1_bytes> sha1(std::string_view octets) {
  constexpr std::uint8_t end_mark = 0x80;
  constexpr std::size_t length_bytes = 8;
  Words hash = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  const std::uint64_t length_bits = std::uint64_t{octets.size()} * 8;
  Block block;
  for (; octets.size() >= block_bytes; octets.remove_prefix(block_bytes)) {
    std::memcpy(block.data(), octets.data(), block_bytes);
    take_in(hash, block);
  }
  block.fill(0);
  octets.copy(reinterpret_cast<char*>(block.data()), octets.size());
  block[octets.size()] = end_mark;
  if (octets.size() + 1 + length_bytes > block_bytes) {
    take_in(hash, block);
    block.fill(0);
  }
  for (std::size_t index = 0; index < length_bytes; ++index) {
    block[block_bytes - 1 - index] = static_cast<std::uint8_t>(length_bits >> (8 * index));
  }
  take_in(hash, block);

  std::array<std::uint8_t, sha1_bytes> digest;
  for (std::size_t index = 0; index < digest.size(); ++index) {
    digest[index] = static_cast<std::uint8_t>(hash[index / 4] >> (24 - 8 * (index % 4)));
  }
  return digest;
}

}  // namespace pelton::http::websocket
