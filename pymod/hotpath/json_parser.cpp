#include "pymod/hotpath/json_parser.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>

#include "http/json/number_scan.hpp"
#include "http/json/string_scan.hpp"
#include "http/json/utf8.hpp"
#include "pymod/hotpath/python_versions.hpp"

namespace noria::py {
namespace {

namespace json = http::json;

constexpr std::size_t cached_key_bytes_max = 64;
// A new dictionary has room for this many entries.
constexpr std::size_t small_dict_entries = 5;

inline bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

inline const char* skip_space(const char* p) {
  while (is_space(*p)) ++p;
  return p;
}

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

// What is cached for a key outside ASCII is found by the UTF-8 form that the string itself keeps.
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

PyObject** JsonParser::grow_stack(PyObject** top) {
  std::vector<PyObject*>& values = reader_.values_;
  const std::ptrdiff_t used = top - values.data();
  values.resize(std::max<std::size_t>(256, 2 * values.size()));
  return values.data() + used;
}

PyObject* JsonParser::parse() {
  std::vector<JsonReader::Frame>& frames = reader_.frames_;
  PyObject** top = reader_.values_.data();
  PyObject** limit = top + reader_.values_.size();
  bool in_object = false;
  PyObject* value = nullptr;
  const char* p = skip_space(begin_);

read_value:
  switch (*p) {
    case '"':
      value = read_string(p);
      break;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
      value = read_number(p);
      break;
    case '{':
    case '[': {
      if (frames.size() >= limits_.depth_max) {
        value = fail(Trouble::depth, p);
        break;
      }
      const bool object = *p == '{';
      p = skip_space(p + 1);
      if (*p == (object ? '}' : ']')) {
        ++p;
        value = object ? PyDict_New() : PyList_New(0);
        break;
      }
      frames.push_back({static_cast<std::size_t>(top - reader_.values_.data()), object});
      in_object = object;
      if (object) goto read_key;
      goto read_value;
    }
    case 't':
      if (p[1] == 'r' && p[2] == 'u' && p[3] == 'e') [[likely]] {
        p += 4;
        value = Py_NewRef(Py_True);
      } else {
        value = fail_value(p);
      }
      break;
    case 'f':
      if (p[1] == 'a' && p[2] == 'l' && p[3] == 's' && p[4] == 'e') [[likely]] {
        p += 5;
        value = Py_NewRef(Py_False);
      } else {
        value = fail_value(p);
      }
      break;
    case 'n':
      if (p[1] == 'u' && p[2] == 'l' && p[3] == 'l') [[likely]] {
        p += 4;
        value = Py_NewRef(Py_None);
      } else {
        value = fail_value(p);
      }
      break;
    default:
      value = fail_value(p);
      break;
  }

have_value:
  if (value == nullptr) [[unlikely]]
    goto failed;
  if (top == limit) [[unlikely]] {
    top = grow_stack(top);
    limit = reader_.values_.data() + reader_.values_.size();
  }
  *top++ = value;
  if (is_space(*p)) p = skip_space(p);
  if (frames.empty()) [[unlikely]] {
    if (p == end_) return value;
    fail(Trouble::syntax, p);
    goto failed;
  }
  if (*p == ',') {
    ++p;
    if (is_space(*p)) p = skip_space(p);
    if (in_object) goto read_key;
    goto read_value;
  }
  if (*p != (in_object ? '}' : ']')) [[unlikely]] {
    fail(Trouble::syntax, p);
    goto failed;
  }
  ++p;
  {
    PyObject** const items = reader_.values_.data() + frames.back().base;
    const auto count = static_cast<std::size_t>(top - items);
    value = in_object ? close_object(items, count / 2) : close_array(items, count);
    if (value == nullptr) [[unlikely]]
      goto failed;
    top = items;
    frames.pop_back();
    in_object = !frames.empty() && frames.back().object;
  }
  goto have_value;

read_key:
  if (*p != '"') [[unlikely]] {
    fail(Trouble::syntax, p);
    goto failed;
  }
  if (limits_.reject_duplicate_keys) [[unlikely]] {
    reader_.key_offsets_.push_back(static_cast<std::size_t>(p - begin_));
  }
  {
    PyObject* const key = read_key(p);
    if (key == nullptr) [[unlikely]]
      goto failed;
    if (top == limit) [[unlikely]] {
      top = grow_stack(top);
      limit = reader_.values_.data() + reader_.values_.size();
    }
    *top++ = key;
  }
  if (*p != ':') {
    p = skip_space(p);
    if (*p != ':') [[unlikely]] {
      fail(Trouble::syntax, p);
      goto failed;
    }
  }
  ++p;
  if (is_space(*p)) p = skip_space(p);
  goto read_value;

failed:
  frames.clear();
  reader_.key_offsets_.clear();
  while (top > reader_.values_.data()) Py_DECREF(*--top);
  return nullptr;
}

// Both take the references over; on failure they stay where they are.
PyObject* JsonParser::close_array(PyObject** items, std::size_t count) {
  PyObject* const list = PyList_New(static_cast<Py_ssize_t>(count));
  if (list == nullptr) return nullptr;
  std::memcpy(reinterpret_cast<PyListObject*>(list)->ob_item, items, count * sizeof(PyObject*));
  return list;
}

PyObject* JsonParser::close_object(PyObject** items, std::size_t count) {
  PyObject* const dict = count <= small_dict_entries
                             ? PyDict_New()
                             : _PyDict_NewPresized(static_cast<Py_ssize_t>(count));
  if (dict == nullptr) return nullptr;
  for (std::size_t i = 0; i < count; ++i) {
    if (PyDict_SetItem(dict, items[2 * i], items[2 * i + 1]) != 0) {
      Py_DECREF(dict);
      return nullptr;
    }
    if (limits_.reject_duplicate_keys && PyDict_Size(dict) != static_cast<Py_ssize_t>(i + 1))
        [[unlikely]] {
      const std::size_t offset = reader_.key_offsets_[reader_.key_offsets_.size() - count + i];
      Py_DECREF(dict);
      return fail(Trouble::duplicate_key, begin_ + offset);
    }
  }
  for (std::size_t i = 0; i < 2 * count; ++i) Py_DECREF(items[i]);
  if (limits_.reject_duplicate_keys) [[unlikely]] {
    reader_.key_offsets_.resize(reader_.key_offsets_.size() - count);
  }
  return dict;
}

PyObject* JsonParser::read_number(const char*& p) {
  const char* const begin = p;
  const json::IntegralPart part = json::scan_integral_part(begin, readable_end_);
  if (!part.well_formed) [[unlikely]]
    return fail(Trouble::number, part.end);
  if (part.is_real()) return read_real(p, part.magnitude, part.end);
  if (part.count() > limits_.number_bytes_max) [[unlikely]]
    return fail(Trouble::number, begin);
  p = part.end;
  if (part.count() < 19) [[likely]] {
    const auto value = static_cast<std::int64_t>(part.magnitude);
    return PyLong_FromLongLong(part.negative ? -value : value);
  }
  if (part.fits() && !part.negative) return PyLong_FromUnsignedLongLong(part.magnitude);
  return make_big_integer(begin, p);
}

// `magnitude` is that of the digits up to `end`; apart from read_number, so that integers need not
// pay for what floats keep in registers.
PyObject* JsonParser::read_real(const char*& p, std::uint64_t magnitude, const char* end) {
  const bool negative = *p == '-';
  const json::IntegralPart part{magnitude, p + negative, end, true, negative};
  const json::Number number = json::scan_real(part, readable_end_);
  if (number.kind == json::NumberKind::malformed) return fail(Trouble::number, number.end);
  if (number.kind == json::NumberKind::overflow ||
      static_cast<std::size_t>(number.end - part.digits) > limits_.number_bytes_max) {
    return fail(Trouble::number, p);
  }
  p = number.end;
  return PyFloat_FromDouble(number.real);
}

PyObject* JsonParser::make_big_integer(const char* begin, const char* end) {
  const std::string token(begin, end);
  PyObject* value = PyLong_FromString(token.c_str(), nullptr, 10);
  if (value == nullptr && PyErr_ExceptionMatches(PyExc_ValueError)) {
    // The interpreter's own limit (sys.set_int_max_str_digits) is lower than ours.
    PyErr_Clear();
    return fail(Trouble::number, begin);
  }
  return value;
}

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
  PyObject*& slot = reader_.keys_[key_hash(body.data, body.bytes) % JsonReader::key_slots];
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

// The value of four hexadecimal digits, or -1.
int read_hex4(const char* p) {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = p[i];
    int digit;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      digit = (c | 0x20) - 'a' + 10;
    } else {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

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

// What the letter behind a backslash stands for; 0 for u and for what may not stand there.
constexpr std::array<char, 256> simple_escapes = [] {
  std::array<char, 256> letters{};
  for (const char c : {'"', '\\', '/'}) letters[static_cast<unsigned char>(c)] = c;
  letters['b'] = '\b';
  letters['f'] = '\f';
  letters['n'] = '\n';
  letters['r'] = '\r';
  letters['t'] = '\t';
  return letters;
}();

// The code point of \uXXXX at `p`, or of two that make a surrogate pair; moves `p` behind. False
// when it is none.
bool read_unicode_escape(const char*& p, unsigned& code_point) {
  const int unit = read_hex4(p + 2);
  if (unit < 0) return false;
  code_point = static_cast<unsigned>(unit);
  p += 6;
  if (unit < 0xd800 || unit >= 0xe000) return true;
  const int low = unit < 0xdc00 && p[0] == '\\' && p[1] == 'u' ? read_hex4(p + 2) : -1;
  if (low < 0xdc00 || low >= 0xe000) return false;
  code_point = 0x10000 + ((code_point - 0xd800) << 10) + static_cast<unsigned>(low - 0xdc00);
  p += 6;
  return true;
}

}  // namespace

// `p` is at the first backslash of a string that begins at `begin`.
bool JsonParser::resolve_escapes(const char* begin, const char*& p, Body& body) {
  constexpr std::size_t block_bytes = json::scan_block_bytes;
  constexpr std::size_t step_bytes = 2 * block_bytes;  // what one turn may read and write
  std::vector<char>& buffer = reader_.unescaped_;
  const auto plain = static_cast<std::size_t>(p - begin);
  if (buffer.size() < plain + step_bytes) buffer.resize(2 * plain + 256);
  std::memcpy(buffer.data(), begin, plain);
  char* out = buffer.data() + plain;
  char* end = buffer.data() + buffer.size();
  std::uint32_t high = !body.ascii;
  for (;;) {
    if (static_cast<std::size_t>(end - out) < step_bytes) [[unlikely]] {
      const std::ptrdiff_t size = out - buffer.data();
      buffer.resize(2 * buffer.size());
      out = buffer.data() + size;
      end = buffer.data() + buffer.size();
    }
    // The escapes of a block are found once, as bits: looking for each anew would make every one
    // wait for the one before.
    if (static_cast<std::size_t>(readable_end_ - p) > step_bytes) [[likely]] {
      const json::ScanBlock block = json::ScanBlock::load(p);
      block.store(out);
      high |= block.high();
      std::uint32_t special = block.special();
      unsigned done = 0;
      while (special != 0) {
        const auto n = static_cast<unsigned>(std::countr_zero(special));
        const char letter = simple_escapes[static_cast<unsigned char>(p[n + 1])];
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
      // `high` may have seen what stands behind the quote: then decoding finds that it is ASCII.
      body = {buffer.data(), static_cast<std::size_t>(out - buffer.data()), high == 0};
      return true;
    }
    if (*p != '\\') {
      fail(p == end_ ? Trouble::syntax : Trouble::string, p);
      return false;
    }
    const char* const escape = p;
    unsigned code_point =
        static_cast<unsigned char>(simple_escapes[static_cast<unsigned char>(p[1])]);
    if (code_point != 0) {
      p += 2;
    } else if (p[1] != 'u' || !read_unicode_escape(p, code_point)) {
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
  // Strings of one character are shared by the interpreter.
  if (body.bytes == 1) return PyUnicode_FromOrdinal(static_cast<unsigned char>(*body.data));
  PyObject* const text = PyUnicode_New(static_cast<Py_ssize_t>(body.bytes), 0x7f);
  if (text != nullptr) std::memcpy(PyUnicode_1BYTE_DATA(text), body.data, body.bytes);
  return text;
}

PyObject* JsonParser::make_wide_string(std::string_view utf8, const char* source) {
  const json::Utf8Decoder::Result decoded = reader_.utf8_.decode(utf8);
  if (decoded.invalid_offset != json::Utf8Decoder::valid) {
    // The text itself tells where: escapes resolve to valid UTF-8, so the fault lies between them.
    const std::string_view rest(source, static_cast<std::size_t>(end_ - source));
    return fail(Trouble::string, source + reader_.utf8_.decode(rest).invalid_offset);
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

std::nullptr_t JsonParser::fail_value(const char* at) {
  // JSN-004: what looks like a number that other languages know is a fault of the number.
  const bool numeric = *at == '+' || *at == '.' || *at == 'N' || *at == 'I';
  return fail(numeric ? Trouble::number : Trouble::syntax, at);
}

std::nullptr_t JsonParser::fail(Trouble trouble, const char* at) {
  struct Words {
    const char* reason;
    const char* sentence;
  };
  static constexpr Words words[] = {
      {"json_syntax", "not JSON"},
      {"json_depth", "nested too deeply"},
      {"json_number", "not a number that JSON allows or that fits"},
      {"json_string", "not a valid string"},
      {"json_duplicate_key", "a key stands twice in one object"},
  };
  const Words& word = words[static_cast<unsigned>(trouble)];
  const char* line_begin = begin_;
  std::size_t line = 1;
  for (const char* c = begin_; c < at; ++c) {
    if (*c == '\n') {
      ++line;
      line_begin = c + 1;
    }
  }
  const auto column = 1 + std::count_if(line_begin, at, [](char c) { return (c & 0xc0) != 0x80; });
  const auto offset = static_cast<std::size_t>(at - begin_);
  const OwnedRef message(PyUnicode_FromFormat("%s at octet %zu (line %zu, column %zd)",
                                              word.sentence, offset, line,
                                              static_cast<Py_ssize_t>(column)));
  if (!message) return nullptr;
  const OwnedRef error(PyObject_CallOneArg(reader_.decode_error_.get(), message.get()));
  const OwnedRef pos(PyLong_FromSize_t(offset));
  const OwnedRef line_number(PyLong_FromSize_t(line));
  const OwnedRef column_number(PyLong_FromSsize_t(column));
  const OwnedRef reason(PyUnicode_FromString(word.reason));
  if (!error || !pos || !line_number || !column_number || !reason ||
      PyObject_SetAttrString(error.get(), "pos", pos.get()) != 0 ||
      PyObject_SetAttrString(error.get(), "line", line_number.get()) != 0 ||
      PyObject_SetAttrString(error.get(), "column", column_number.get()) != 0 ||
      PyObject_SetAttrString(error.get(), "reason", reason.get()) != 0) {
    return nullptr;
  }
  PyErr_SetObject(reader_.decode_error_.get(), error.get());
  return nullptr;
}

}  // namespace noria::py
