#include "pymod/hotpath/json_parser.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

#include "http/json/number_scan.hpp"
#include "pymod/hotpath/fresh_values.hpp"
#include "pymod/hotpath/python_versions.hpp"

namespace pelton::py {
namespace {

namespace json = http::json;

// A new dictionary has room for this many entries.
constexpr std::size_t small_dict_entries = 5;

inline bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

inline const char* skip_space(const char* p) {
  while (is_space(*p)) ++p;
  return p;
}

}  // namespace

bool JsonParser::grow_stack(PyObject**& top) {
  ScratchBuffer<PyObject*>& values = reader_.values;
  const std::ptrdiff_t used = top - values.data();
  if (!values.grow_to(std::max<std::size_t>(256, 2 * values.size()))) {
    PyErr_NoMemory();
    return false;
  }
  top = values.data() + used;
  return true;
}

// Notes a key's position for the error about its repetition; false with MemoryError set.
bool JsonParser::note_key(const char* at) {
  ScratchBuffer<std::size_t>& offsets = reader_.key_offsets;
  if (key_count_ == offsets.size() && !offsets.grow_to(std::max<std::size_t>(64, 2 * key_count_))) {
    PyErr_NoMemory();
    return false;
  }
  offsets.data()[key_count_++] = static_cast<std::size_t>(at - begin_);
  return true;
}

PyObject* JsonParser::parse() {
  std::vector<JsonReader::Frame>& frames = reader_.frames;
  PyObject** top = reader_.values.data();
  PyObject** limit = top + reader_.values.size();
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
      frames.push_back({static_cast<std::size_t>(top - reader_.values.data()), object});
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
    if (!grow_stack(top)) {
      Py_DECREF(value);
      goto failed;
    }
    limit = reader_.values.data() + reader_.values.size();
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
    PyObject** const items = reader_.values.data() + frames.back().base;
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
    if (!note_key(p)) goto failed;
  }
  {
    PyObject* const key = read_key(p);
    if (key == nullptr) [[unlikely]]
      goto failed;
    if (top == limit) [[unlikely]] {
      if (!grow_stack(top)) {
        Py_DECREF(key);
        goto failed;
      }
      limit = reader_.values.data() + reader_.values.size();
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
  while (top > reader_.values.data()) Py_DECREF(*--top);
  return nullptr;
}

// Both take over the references; on failure the references stay on the value stack.
PyObject* JsonParser::close_array(PyObject** items, std::size_t count) {
  PyObject* const list = PyList_New(static_cast<Py_ssize_t>(count));
  if (list == nullptr) return nullptr;
  std::memcpy(reinterpret_cast<PyListObject*>(list)->ob_item, items, count * sizeof(PyObject*));
  return list;
}

PyObject* JsonParser::close_object(PyObject** items, std::size_t count) {
  if (count <= DictShapes::keys_max && !limits_.reject_duplicate_keys) [[likely]] {
    if (PyObject* const dict = reader_.shapes.make(items, count)) return dict;
  }
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
      const std::size_t offset = reader_.key_offsets.data()[key_count_ - count + i];
      Py_DECREF(dict);
      return fail(Trouble::duplicate_key, begin_ + offset);
    }
  }
  for (std::size_t i = 0; i < 2 * count; ++i) Py_DECREF(items[i]);
  if (limits_.reject_duplicate_keys) [[unlikely]] {
    key_count_ -= count;
  }
  return dict;
}

PyObject* JsonParser::read_number(const char*& p) {
  const bool negative = *p == '-';
  const char* const digits = p + negative;
  if (readable_end_ - digits < json::number_window_bytes) [[unlikely]]
    return read_any_number(p);
  const unsigned count = json::short_integer_digits(digits);
  if (count == 0) return read_usual_real(p);
  if (count > limits_.number_bytes_max) [[unlikely]]
    return fail(Trouble::number, p);
  p = digits + count;
  const auto magnitude = static_cast<std::int64_t>(json::short_integer(digits, count));
  return reader_.integers.make(negative ? -magnitude : magnitude);
}

// Not part of read_number(), so that integers do not pay for the registers of floats.
PyObject* JsonParser::read_usual_real(const char*& p) {
  const bool negative = *p == '-';
  const char* const digits = p + negative;
  double real;
  const char* end;
  if (!json::scan_usual_real(digits, real, end) ||
      static_cast<std::size_t>(end - digits) > limits_.number_bytes_max) [[unlikely]] {
    return read_any_number(p);
  }
  p = end;
  // Sets the sign bit: the compiler would turn -real into a branch, which cannot be predicted.
  const auto sign = std::uint64_t{negative} << 63;
  return new_float(std::bit_cast<double>(std::bit_cast<std::uint64_t>(real) | sign));
}

PyObject* JsonParser::read_any_number(const char*& p) {
  const char* const begin = p;
  const json::Number number = json::scan_number(begin, readable_end_);
  const std::size_t bytes = static_cast<std::size_t>(number.end - begin) - number.negative;
  if (number.kind == json::NumberKind::malformed) return fail(Trouble::number, number.end);
  if (number.kind == json::NumberKind::overflow || bytes > limits_.number_bytes_max) {
    return fail(Trouble::number, begin);
  }
  p = number.end;
  if (number.kind == json::NumberKind::real) return new_float(number.real);
  if (number.kind == json::NumberKind::integer && bytes < 19) {
    const auto value = static_cast<std::int64_t>(number.magnitude);
    return PyLong_FromLongLong(number.negative ? -value : value);
  }
  if (number.kind == json::NumberKind::integer && !number.negative) {
    return PyLong_FromUnsignedLongLong(number.magnitude);
  }
  return make_big_integer(begin, p);
}

PyObject* JsonParser::make_big_integer(const char* begin, const char* end) {
  const std::string token(begin, end);
  PyObject* value = PyLong_FromString(token.c_str(), nullptr, 10);
  if (value == nullptr && PyErr_ExceptionMatches(PyExc_ValueError)) {
    // The interpreter's own limit (sys.set_int_max_str_digits) is lower than the reader's.
    PyErr_Clear();
    return fail(Trouble::number, begin);
  }
  return value;
}

}  // namespace pelton::py
