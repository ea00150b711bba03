#include "http/websocket/mask.hpp"

#include <cstring>

namespace noria::http::websocket {

// The key repeated eight times is one vector of any width up to 32 octets; the compiler makes of
// the loop what the target has.
void unmask(char* octets, std::size_t bytes, const MaskKey& key, std::uint64_t payload_offset) {
  constexpr std::size_t stride = 32;
  std::array<char, stride> pattern;
  for (std::size_t index = 0; index < stride; ++index) {
    pattern[index] = static_cast<char>(key[(payload_offset + index) % key.size()]);
  }
  std::array<std::uint64_t, stride / 8> words;
  std::memcpy(words.data(), pattern.data(), stride);
  for (; bytes >= stride; octets += stride, bytes -= stride) {
    std::array<std::uint64_t, stride / 8> masked;
    std::memcpy(masked.data(), octets, stride);
    for (std::size_t index = 0; index < masked.size(); ++index) masked[index] ^= words[index];
    std::memcpy(octets, masked.data(), stride);
  }
  for (; bytes >= 8; octets += 8, bytes -= 8) {
    std::uint64_t masked;
    std::memcpy(&masked, octets, sizeof masked);
    masked ^= words[0];
    std::memcpy(octets, &masked, sizeof masked);
  }
  for (std::size_t index = 0; index < bytes; ++index) {
    octets[index] = static_cast<char>(octets[index] ^ pattern[index]);
  }
}

}  // namespace noria::http::websocket
