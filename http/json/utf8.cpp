#include "http/json/utf8.hpp"

#include <algorithm>
#include <cstring>

namespace noria::http::json {
namespace {

bool is_continuation(unsigned char octet) {
  return (octet & 0xc0) == 0x80;
}

bool eight_are_ascii(const unsigned char* p) {
  std::uint64_t octets;
  std::memcpy(&octets, p, sizeof octets);
  return (octets & 0x8080808080808080) == 0;
}

template <class Unit>
void decode(std::string_view text, Unit* out) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = p + text.size();
  while (p < end) {
    const std::uint32_t lead = *p;
    if (lead < 0x80) {
      if (end - p >= 8 && eight_are_ascii(p)) {
        for (int i = 0; i < 8; ++i) out[i] = p[i];
        p += 8;
        out += 8;
        continue;
      }
      *out++ = static_cast<Unit>(lead);
      p += 1;
    } else if (lead < 0xe0) {
      *out++ = static_cast<Unit>(((lead & 0x1f) << 6) | (p[1] & 0x3fu));
      p += 2;
    } else if (lead < 0xf0) {
      *out++ = static_cast<Unit>(((lead & 0x0f) << 12) | ((p[1] & 0x3fu) << 6) | (p[2] & 0x3fu));
      p += 3;
    } else {
      *out++ = static_cast<Unit>(((lead & 0x07) << 18) | ((p[1] & 0x3fu) << 12) |
                                 ((p[2] & 0x3fu) << 6) | (p[3] & 0x3fu));
      p += 4;
    }
  }
}

}  // namespace

Utf8Shape measure_utf8(std::string_view text) {
  Utf8Shape shape;
  const auto* const begin = reinterpret_cast<const unsigned char*>(text.data());
  const auto* p = begin;
  const auto* const end = p + text.size();
  std::uint32_t lead_max = 0;
  std::size_t continuations = 0;
  while (p < end) {
    const std::uint32_t lead = *p;
    const auto left = static_cast<std::size_t>(end - p);
    if (lead < 0x80) {
      p += left >= 8 && eight_are_ascii(p) ? 8 : 1;
      continue;
    }
    lead_max = std::max(lead_max, lead);
    if (lead >= 0xc2 && lead < 0xe0 && left >= 2 && is_continuation(p[1])) {
      p += 2;
      continuations += 1;
    } else if ((lead & 0xf0) == 0xe0 && left >= 3 && is_continuation(p[1]) &&
               is_continuation(p[2]) && !(lead == 0xe0 && p[1] < 0xa0) &&
               !(lead == 0xed && p[1] >= 0xa0)) {
      p += 3;
      continuations += 2;
    } else if (lead >= 0xf0 && lead < 0xf5 && left >= 4 && is_continuation(p[1]) &&
               is_continuation(p[2]) && is_continuation(p[3]) && !(lead == 0xf0 && p[1] < 0x90) &&
               !(lead == 0xf4 && p[1] >= 0x90)) {
      p += 4;
      continuations += 3;
    } else {
      shape.invalid_offset = static_cast<std::size_t>(p - begin);
      return shape;
    }
  }
  shape.characters = text.size() - continuations;
  shape.code_point_max = lead_max == 0     ? 0x7f
                         : lead_max < 0xc4 ? 0xff
                         : lead_max < 0xf0 ? 0xffff
                                           : 0x10ffff;
  return shape;
}

void decode_utf8(std::string_view text, std::uint8_t* out) {
  decode(text, out);
}
void decode_utf8(std::string_view text, std::uint16_t* out) {
  decode(text, out);
}
void decode_utf8(std::string_view text, std::uint32_t* out) {
  decode(text, out);
}

}  // namespace noria::http::json
