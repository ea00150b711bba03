// Removes the masking of client frames (RFC 6455 section 5.3), in place and piece by piece.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace pelton::http::websocket {

using MaskKey = std::array<std::uint8_t, 4>;

// `payload_offset`: how many octets of the frame's payload lie before these.
void unmask(char* octets, std::size_t bytes, const MaskKey& key, std::uint64_t payload_offset);

}  // namespace pelton::http::websocket
