// Checks UTF-8 as it arrives, by RFC 3629, without overlong forms and surrogates. Fails at the
// first octet after which no valid text is possible (WS-015).
#pragma once

#include <cstdint>
#include <string_view>

namespace pelton::http::websocket {

class Utf8Stream {
 public:
  // False once no continuation makes the text valid; then only reset() helps.
  bool feed(std::string_view octets);
  // No character is incomplete.
  bool complete() const { return owed_ == 0; }
  void reset() { owed_ = 0; }

 private:
  bool begin_character(std::uint8_t octet);

  // Octets that the character still lacks, and the bounds of its next octet.
  std::uint8_t owed_ = 0;
  std::uint8_t least_ = 0;
  std::uint8_t greatest_ = 0;
};

}  // namespace pelton::http::websocket
