// The half of JsonParser that makes strings.
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "http/json/escape_scan.hpp"
#include "http/json/string_scan.hpp"
#include "http/json/utf8.hpp"
#include "pymod/hotpath/json_parser.hpp"

namespace pelton::py {
namespace {

namespace json = http::json;

constexpr std::size_t cached_key_bytes_max = 64;
inline std::uint64_t load8(const char* p) {
  std::uint64_t octets;
  std::memcpy(&octets, p, sizeof octets);
  return octets;
}

inline std::uint32_t load4(const char* p) {
  std::uint32_t octets;
  std::memcpy(&octets, p, sizeof octets);
  return octets;
}

inline bool same_octets(const char* a, const char* b, std::size_t bytes) {
  if (bytes >= 8) {
    for (std::size_t i = 0; i + 8 < bytes; i += 8) {
      if (load8(a + i) != load8(b + i)) return false;
    }
    return load8(a + bytes - 8) == load8(b + bytes - 8);
  }
  if (bytes >= 4) {
    return load4(a) == load4(b) && load4(a + bytes - 4) == load4(b + bytes - 4);
  }
  for (std::size_t i = 0; i < bytes; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

inline std::size_t key_hash(const char* key, std::size_t bytes) {
  __extension__ using uint128 = unsigned __int128;
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  if (bytes >= 8) {
    a = load8(key);
    b = load8(key + bytes - 8);
    for (std::size_t i = 8; i + 8 < bytes; i += 8) a = (a ^ load8(key + i)) * 0x9e3779b97f4a7c15;
  } else if (bytes >= 4) {
    a = load4(key);
    b = load4(key + bytes - 4);
  } else if (bytes > 0) {
    a = static_cast<unsigned char>(key[0]);
    b = static_cast<std::uint64_t>(static_cast<unsigned char>(key[bytes / 2])) << 8 |
        static_cast<unsigned char>(key[bytes - 1]);
  }
  const uint128 product =
      static_cast<uint128>(a ^ 0xa0761d6478bd642f) * (b ^ (0xe7037ed1a0b428db + bytes));
  return static_cast<std::size_t>(product >> 64) ^ static_cast<std::size_t>(product);
}

// A cached key outside ASCII is compared in the UTF-8 form that its str keeps.
inline bool is_key(PyObject* text, const char* key, std::size_t bytes, bool ascii) {
  if (PyUnicode_IS_ASCII(text)) {
    return ascii && static_cast<std::size_t>(PyUnicode_GET_LENGTH(text)) == bytes &&
           same_octets(static_cast<const char*>(PyUnicode_DATA(text)), key, bytes);
  }
  if (ascii) return false;
  const auto* compact = reinterpret_cast<const PyCompactUnicodeObject*>(text);
  return static_cast<std::size_t>(compact->utf8_length) == bytes &&
         std::memcmp(compact->utf8, key, bytes) == 0;
}

}  // namespace

PyObject* JsonParser::read_string(const char*& p) {
  const char* const source = p;
  Body body;
  if (!read_body(p, body)) return nullptr;
  return make_string(body, source);
}

PyObject* JsonParser::read_key(const char*& p) {
  const char* const source = p;
  Body body;
  if (!read_body(p, body)) return nullptr;
  if (body.bytes > cached_key_bytes_max) {
    return make_string(body, source);
  }
  PyObject*& slot = reader_.keys[key_hash(body.data, body.bytes) % JsonReader::key_slots];
  if (slot != nullptr && is_key(slot, body.data, body.bytes, body.ascii)) return Py_NewRef(slot);
  PyObject* key = make_string(body, source);
  if (key == nullptr) return nullptr;
  if (PyObject_Hash(key) == -1 || PyUnicode_AsUTF8(key) == nullptr) {
    Py_DECREF(key);
    return nullptr;
  }
  PyObject* old = std::exchange(slot, Py_NewRef(key));
  Py_XDECREF(old);
  return key;
}

bool JsonParser::read_body(const char*& p, Body& body) {
  const char* const begin = p + 1;
  const json::StringRun run = json::scan_string_run(begin, readable_end_);
  body = {begin, static_cast<std::size_t>(run.stop - begin), run.ascii};
  p = run.stop;
  if (*p == '"') [[likely]] {
    ++p;
    return true;
  }
  if (*p == '\\') return resolve_escapes(begin, p, body);
  fail(p == end_ ? Trouble::syntax : Trouble::string, p);
  return false;
}

namespace {

char* write_utf8(char* out, unsigned code_point) {
  if (code_point < 0x80) {
    *out++ = static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    *out++ = static_cast<char>(0xc0 | (code_point >> 6));
    *out++ = static_cast<char>(0x80 | (code_point & 0x3f));
  } else if (code_point < 0x10000) {
    *out++ = static_cast<char>(0xe0 | (code_point >> 12));
    *out++ = static_cast<char>(0x80 | ((code_point >> 6) & 0x3f));
    *out++ = static_cast<char>(0x80 | (code_point & 0x3f));
  } else {
    *out++ = static_cast<char>(0xf0 | (code_point >> 18));
    *out++ = static_cast<char>(0x80 | ((code_point >> 12) & 0x3f));
    *out++ = static_cast<char>(0x80 | ((code_point >> 6) & 0x3f));
    *out++ = static_cast<char>(0x80 | (code_point & 0x3f));
  }
  return out;
}

}  // namespace

// `p` is at the first backslash of a string that begins at `begin`.
bool JsonParser::resolve_escapes(const char* begin, const char*& p, Body& body) {
  constexpr std::size_t block_bytes = json::scan_block_bytes;
  constexpr std::size_t step_bytes = 2 * block_bytes;  // what one turn may read and write
  ScratchBuffer<char>& buffer = reader_.unescaped;
  const auto plain = static_cast<std::size_t>(p - begin);
  if (buffer.size() < plain + step_bytes && !buffer.grow_to(2 * plain + 256)) [[unlikely]] {
    PyErr_NoMemory();
    return false;
  }
  std::memcpy(buffer.data(), begin, plain);
  char* out = buffer.data() + plain;
  char* end = buffer.data() + buffer.size();
  std::uint32_t high = !body.ascii;
  for (;;) {
    if (static_cast<std::size_t>(end - out) < step_bytes) [[unlikely]] {
      const std::ptrdiff_t size = out - buffer.data();
      if (!buffer.grow_to(2 * buffer.size())) {
        PyErr_NoMemory();
        return false;
      }
      out = buffer.data() + size;
      end = buffer.data() + buffer.size();
    }
    // The escapes of a block are found once, as bits: a new search for each would have to wait for
    // the one before.
    if (static_cast<std::size_t>(readable_end_ - p) > step_bytes) [[likely]] {
      const json::ScanBlock block = json::ScanBlock::load(p);
      block.store(out);
      high |= block.high();
      std::uint32_t special = block.special();
      unsigned done = 0;
      while (special != 0) {
        const auto n = static_cast<unsigned>(std::countr_zero(special));
        const char letter = json::simple_escapes[static_cast<unsigned char>(p[n + 1])];
        if (p[n] != '\\' || letter == 0) [[unlikely]]
          break;
        out += n - done;
        *out++ = letter;
        done = n + 2;
        json::ScanBlock::load(p + done).store(out);
        special &= ~(std::uint32_t{3} << n);
      }
      if (special == 0) {
        if (done < block_bytes) {
          out += block_bytes - done;
          done = block_bytes;
        }
        p += done;
        continue;
      }
      const auto n = static_cast<unsigned>(std::countr_zero(special));
      out += n - done;
      p += n;
    } else if (!json::is_special(static_cast<unsigned char>(*p))) {
      high |= static_cast<unsigned char>(*p) >> 7;
      *out++ = *p++;
      continue;
    }
    if (*p == '"') {
      ++p;
      // `high` may include octets after the quote: then decoding finds that it is ASCII.
      body = {buffer.data(), static_cast<std::size_t>(out - buffer.data()), high == 0};
      return true;
    }
    if (*p != '\\') {
      fail(p == end_ ? Trouble::syntax : Trouble::string, p);
      return false;
    }
    const char* const escape = p;
    unsigned code_point =
        static_cast<unsigned char>(json::simple_escapes[static_cast<unsigned char>(p[1])]);
    if (code_point != 0) {
      p += 2;
    } else if (p[1] != 'u' || !json::read_unicode_escape(p, code_point)) {
      fail(escape + 1 == end_ ? Trouble::syntax : Trouble::string, escape);
      return false;
    }
    high |= code_point >= 0x80;
    out = write_utf8(out, code_point);
  }
}

PyObject* JsonParser::make_string(const Body& body, const char* source) {
  if (!body.ascii) [[unlikely]]
    return make_wide_string({body.data, body.bytes}, source);
  // Strings of one character are shared by the interpreter, and so is the empty one.
  if (body.bytes == 1) return PyUnicode_FromOrdinal(static_cast<unsigned char>(*body.data));
  if (body.bytes == 0) return PyUnicode_New(0, 0);
  PyObject* const text = new_ascii(body.bytes);
  if (text != nullptr) std::memcpy(PyUnicode_1BYTE_DATA(text), body.data, body.bytes);
  return text;
}

PyObject* JsonParser::make_wide_string(std::string_view utf8, const char* source) {
  const json::Utf8Decoder::Result decoded = reader_.utf8.decode(utf8);
  if (!decoded.has_memory) return PyErr_NoMemory();
  if (decoded.invalid_offset != json::Utf8Decoder::valid) {
    // The text itself shows the place: escapes resolve to valid UTF-8, so the fault lies between
    // them.
    const std::string_view rest(source, static_cast<std::size_t>(end_ - source));
    const json::Utf8Decoder::Result found = reader_.utf8.decode(rest);
    if (!found.has_memory) return PyErr_NoMemory();
    return fail(Trouble::string, source + found.invalid_offset);
  }
  PyObject* const text =
      PyUnicode_New(static_cast<Py_ssize_t>(decoded.count), decoded.code_point_max);
  if (text == nullptr) return nullptr;
  switch (PyUnicode_KIND(text)) {
    case PyUnicode_1BYTE_KIND:
      json::narrow_to_octets(decoded.narrow, decoded.count, PyUnicode_1BYTE_DATA(text));
      break;
    case PyUnicode_2BYTE_KIND:
      std::memcpy(PyUnicode_2BYTE_DATA(text), decoded.narrow, 2 * decoded.count);
      break;
    default:
      std::memcpy(PyUnicode_4BYTE_DATA(text), decoded.wide, 4 * decoded.count);
      break;
  }
  return text;
}

}  // namespace pelton::py
