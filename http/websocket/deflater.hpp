// Deflates whole messages (RFC 7692), one at a time, for all connections of a core. No context
// outlives a message, so connections can share it (WS-061, WS-062).
#pragma once

#include <zlib.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/memory/output.hpp"
#include "http/websocket/frame.hpp"

namespace pelton::http::websocket {

inline constexpr std::uint8_t deflate_window_bits_min = 9;
inline constexpr std::uint8_t deflate_window_bits_max = 12;

class Deflater {
 public:
  Deflater() = default;
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  // Appends the deflated message without the four octets that every one ends with. `window_bits` is
  // what the peer accepts, 9 to 15; at most 12 are used. False, and nothing appended, if there is
  // no memory.
  bool deflate(std::string_view message, std::uint8_t window_bits, Output& output);

 private:
  struct Stream {
    explicit Stream(std::uint8_t window_bits);
    Stream(const Stream&) = delete;
    ~Stream();

    z_stream state{};
    bool ready = false;  // false: there was no memory for it
  };

  // By window size; each is made when first needed.
  std::array<std::unique_ptr<Stream>, deflate_window_bits_max - deflate_window_bits_min + 1>
      streams_;
};

// Appends the message as one deflated frame; false, and nothing appended, if deflating would not
// make it shorter or there is no memory.
bool write_deflated(Output& output, Opcode opcode, std::string_view message,
                    std::uint8_t window_bits, Deflater& deflater);

}  // namespace pelton::http::websocket
