#include "http/json/utf8.hpp"

#include <algorithm>
#include <cstring>

namespace pelton::http::json {
namespace {

inline std::uint32_t load4(const unsigned char* p) {
  std::uint32_t octets;
  std::memcpy(&octets, p, sizeof octets);
  return octets;
}

inline std::uint64_t load8(const unsigned char* p) {
  std::uint64_t octets;
  std::memcpy(&octets, p, sizeof octets);
  return octets;
}

constexpr std::uint64_t high_bits = 0x8080808080808080;

// Decodes a character of two to four octets, the first in the lowest octet of `w`; octets past the
// end of the text are zero. Returns its length, or 0 if it is invalid.
inline unsigned decode_multibyte(std::uint32_t w, std::uint32_t& code_point) {
  if ((w & 0x00c0c0f0) == 0x008080e0) {
    code_point = ((w & 0x0f) << 12) | ((w >> 2) & 0x0fc0) | ((w >> 16) & 0x3f);
    return code_point >= 0x800 && code_point - 0xd800 >= 0x800 ? 3 : 0;
  }
  if ((w & 0xc0e0) == 0x80c0) {
    code_point = ((w & 0x1f) << 6) | ((w >> 8) & 0x3f);
    return code_point >= 0x80 ? 2 : 0;
  }
  if ((w & 0xc0c0c0f8) == 0x808080f0) {
    code_point =
        ((w & 0x07) << 18) | ((w << 4) & 0x3f000) | ((w >> 10) & 0x0fc0) | ((w >> 24) & 0x3f);
    return code_point - 0x10000 < 0x100000 ? 4 : 0;
  }
  return 0;
}

}  // namespace

// Little-endian only, as are all machines pelton is built for.
template <class Unit>
Utf8Decoder::Result Utf8Decoder::decode_into(ScratchBuffer<Unit>& units, std::string_view text) {
  constexpr std::size_t slack = 8;  // ASCII is written eight at a time
  Result result;
  if (!units.grow_to(text.size() + slack)) [[unlikely]] {
    result.has_memory = false;
    return result;
  }
  const auto* const begin = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = begin + text.size();
  const auto* p = begin;
  Unit* out = units.data();
  std::uint32_t seen = 0;  // all code points, or-ed: only its size matters
  while (p < end) {
    const auto left = static_cast<std::size_t>(end - p);
    std::uint32_t w;
    if (left >= 8) [[likely]] {
      const std::uint64_t octets = load8(p);
      if ((octets & high_bits) == 0) {
        for (unsigned i = 0; i < 8; ++i) out[i] = p[i];
        p += 8;
        out += 8;
        continue;
      }
      w = static_cast<std::uint32_t>(octets);
    } else if (left >= 4) {
      w = load4(p);
    } else {
      w = 0;
      std::memcpy(&w, p, left);
    }
    if ((w & 0x80) == 0) {
      *out++ = static_cast<Unit>(w & 0x7f);
      ++p;
      continue;
    }
    std::uint32_t code_point;
    const unsigned length = decode_multibyte(w, code_point);
    if (length == 0) [[unlikely]] {
      result.invalid_offset = static_cast<std::size_t>(p - begin);
      return result;
    }
    if constexpr (sizeof(Unit) == 2) {
      if (length == 4) [[unlikely]]
        return decode_into(wide_, text);
    }
    *out++ = static_cast<Unit>(code_point);
    seen |= code_point;
    p += length;
  }
  result.count = static_cast<std::size_t>(out - units.data());
  result.code_point_max = seen < 0x80      ? 0x7f
                          : seen < 0x100   ? 0xff
                          : seen < 0x10000 ? 0xffff
                                           : 0x10ffff;
  if constexpr (sizeof(Unit) == 2) {
    result.narrow = units.data();
  } else {
    result.wide = units.data();
  }
  return result;
}

Utf8Decoder::Result Utf8Decoder::decode(std::string_view text) {
  return decode_into(narrow_, text);
}

void Utf8Decoder::shrink(std::size_t octets_max) {
  narrow_.shrink(octets_max);
  wide_.shrink(octets_max);
}

void narrow_to_octets(const std::uint16_t* units, std::size_t count, std::uint8_t* out) {
  std::transform(units, units + count, out,
                 [](std::uint16_t unit) { return static_cast<std::uint8_t>(unit); });
}

}  // namespace pelton::http::json
