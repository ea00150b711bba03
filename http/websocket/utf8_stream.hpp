// UTF-8 judged as it arrives: by RFC 3629, without overlong forms and surrogates, at the first
// octet with which no text can go on (WS-015).
#pragma once

#include <cstdint>
#include <string_view>

namespace pelton::http::websocket {

class Utf8Stream {
 public:
  // False once no continuation could make it a text; then only reset() helps.
  bool feed(std::string_view octets);
  // No character has begun and not ended.
  bool complete() const { return owed_ == 0; }
  void reset() { owed_ = 0; }

 private:
  bool begin_character(std::uint8_t octet);

  // Octets the character still lacks, and the bounds of the next one.
  std::uint8_t owed_ = 0;
  std::uint8_t least_ = 0;
  std::uint8_t greatest_ = 0;
};

}  // namespace pelton::http::websocket
