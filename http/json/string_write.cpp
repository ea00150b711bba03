#include "http/json/string_write.hpp"

namespace pelton::http::json {
namespace {

template <class Unit>
char* write(char* out, const Unit* units, std::size_t count) {
  const Unit* const end = units + count;
  for (; units < end; ++units) {
    const std::uint32_t c = *units;
    if (c < 0x80) {
      out = write_escape(out, static_cast<unsigned char>(c));
    } else if (c < 0x800) {
      out[0] = static_cast<char>(0xc0 | (c >> 6));
      out[1] = static_cast<char>(0x80 | (c & 0x3f));
      out += 2;
    } else if (c < 0x10000) {
      if (c - 0xd800 < 0x800) return nullptr;
      out[0] = static_cast<char>(0xe0 | (c >> 12));
      out[1] = static_cast<char>(0x80 | ((c >> 6) & 0x3f));
      out[2] = static_cast<char>(0x80 | (c & 0x3f));
      out += 3;
    } else {
      out[0] = static_cast<char>(0xf0 | (c >> 18));
      out[1] = static_cast<char>(0x80 | ((c >> 12) & 0x3f));
      out[2] = static_cast<char>(0x80 | ((c >> 6) & 0x3f));
      out[3] = static_cast<char>(0x80 | (c & 0x3f));
      out += 4;
    }
  }
  return out;
}

}  // namespace

char* write_units(char* out, const std::uint8_t* units, std::size_t count) {
  return write(out, units, count);
}
char* write_units(char* out, const std::uint16_t* units, std::size_t count) {
  return write(out, units, count);
}
char* write_units(char* out, const std::uint32_t* units, std::size_t count) {
  return write(out, units, count);
}

}  // namespace pelton::http::json
