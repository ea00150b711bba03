// UTF-8 in JSON text to code points: validated by RFC 3629 (no overlong forms, no surrogates,
// nothing above U+10FFFF) and decoded in the same pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/memory/scratch_buffer.hpp"

namespace pelton::http::json {

// Decodes one text at a time into a buffer that it keeps.
class Utf8Decoder {
 public:
  static constexpr std::size_t valid = static_cast<std::size_t>(-1);

  // Units have two octets unless a code point is above U+FFFF.
  struct Result {
    bool has_memory = true;              // false: nothing was decoded
    std::size_t invalid_offset = valid;  // of the first octet that begins no character
    std::size_t count = 0;               // code points
    std::uint32_t code_point_max = 0;    // exact up to the width: 0x7f, 0xff, 0xffff, 0x10ffff
    const std::uint16_t* narrow = nullptr;
    const std::uint32_t* wide = nullptr;  // instead of `narrow`, above 0xffff
  };

  // The result is valid until the next call.
  Result decode(std::string_view text);

  // Gives back memory that one large text made the buffers take.
  void shrink(std::size_t octets_max);

 private:
  template <class Unit>
  Result decode_into(ScratchBuffer<Unit>& units, std::string_view text);

  ScratchBuffer<std::uint16_t> narrow_;
  ScratchBuffer<std::uint32_t> wide_;
};

// Octet i of `out` becomes unit i; all units are below 0x100.
void narrow_to_octets(const std::uint16_t* units, std::size_t count, std::uint8_t* out);

}  // namespace pelton::http::json
