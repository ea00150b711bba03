#include "http/websocket/mask.hpp"

#include <bit>
#include <cstring>

namespace pelton::http::websocket {

// The key, repeated, fills words, and adjacent words make a vector of any width: the compiler turns
// the first loop into the target's vectors. Little-endian only, as are all machines pelton is built
// for.
void unmask(char* octets, std::size_t bytes, const MaskKey& key, std::uint64_t payload_offset) {
  constexpr std::size_t stride = 32;
  std::uint32_t half;
  std::memcpy(&half, key.data(), sizeof half);
  half = std::rotr(half, static_cast<int>(payload_offset % key.size() * 8));
  const std::uint64_t word = half * std::uint64_t{0x1'0000'0001};
  for (; bytes >= stride; octets += stride, bytes -= stride) {
    std::array<std::uint64_t, stride / sizeof word> masked;
    std::memcpy(masked.data(), octets, stride);
    for (std::uint64_t& one : masked) one ^= word;
    std::memcpy(octets, masked.data(), stride);
  }
  for (; bytes >= sizeof word; octets += sizeof word, bytes -= sizeof word) {
    std::uint64_t masked;
    std::memcpy(&masked, octets, sizeof masked);
    masked ^= word;
    std::memcpy(octets, &masked, sizeof masked);
  }
  for (std::size_t index = 0; index < bytes; ++index) {
    octets[index] = static_cast<char>(octets[index] ^ static_cast<char>(word >> (8 * index)));
  }
}

}  // namespace pelton::http::websocket
