#include "pymod/hotpath/json_encoder.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "http/json/number_write.hpp"
#include "http/json/string_write.hpp"
#include "pymod/hotpath/python_versions.hpp"

namespace noria::py {
namespace {

namespace json = http::json;

constexpr std::size_t depth_max = 1024;
// Room that is made at once for long strings; a string is written in pieces of this many octets.
constexpr std::size_t piece_bytes = 1024;
// Behind whatever is written there is room for a bracket, a comma or a colon.
constexpr std::size_t punctuation_bytes = 4;

}  // namespace

JsonEncoder::~JsonEncoder() {
  while (!writer_.frames_.empty()) pop();
}

bool JsonEncoder::encode(PyObject* value) {
  Step last = write(value);
  while (last != Step::failed && !writer_.frames_.empty()) {
    switch (writer_.frames_.back().kind) {
      case Kind::list:
        last = walk_list();
        break;
      case Kind::tuple:
        last = walk_tuple();
        break;
      case Kind::dict:
        last = walk_dict();
        break;
      case Kind::pairs:
        last = walk_pairs();
        break;
      case Kind::fields:
        last = walk_fields();
        break;
    }
  }
  return last != Step::failed;
}

// Leaves room for punctuation behind what it writes.
JsonEncoder::Step JsonEncoder::write(PyObject* value) {
  const PyTypeObject* type = Py_TYPE(value);
  if (type == &PyUnicode_Type) return step(write_string(value));
  if (type == &PyLong_Type) return step(write_integer(value));
  if (value == Py_None) return step(write_literal("null", 4));
  if (value == Py_True) return step(write_literal("true", 4));
  if (value == Py_False) return step(write_literal("false", 5));
  if (type == &PyFloat_Type) return step(write_real(PyFloat_AS_DOUBLE(value)));
  if (type == &PyDict_Type) return push(value, Kind::dict);
  if (type == &PyList_Type) return push(value, Kind::list);
  if (type == &PyTuple_Type) return push(value, Kind::tuple);
  return write_by_type(value);
}

JsonEncoder::Step JsonEncoder::push(PyObject* container, Kind kind, PyObject* names) {
  if (writer_.frames_.size() >= depth_max) {
    return step(fail("nested deeper than 1024 levels, or within itself,"));
  }
  if (!sink_.ensure(1 + punctuation_bytes)) return Step::failed;
  const bool object = kind >= Kind::dict;
  *sink_.cursor++ = object ? '{' : '[';
  writer_.frames_.push_back({Py_NewRef(container), Py_XNewRef(names), 0, kind});
  return Step::pushed;
}

void JsonEncoder::pop() {
  const Frame frame = writer_.frames_.back();
  writer_.frames_.pop_back();
  Py_DECREF(frame.container);
  Py_XDECREF(frame.names);
}

// Every item leaves a comma behind; the last one becomes the bracket.
inline JsonEncoder::Step JsonEncoder::close(char bracket) {
  if (sink_.cursor[-1] == ',') --sink_.cursor;
  *sink_.cursor++ = bracket;
  pop();
  if (!writer_.frames_.empty()) *sink_.cursor++ = ',';
  return step(sink_.ensure(punctuation_bytes));
}

JsonEncoder::Step JsonEncoder::walk_list() {
  const std::size_t top = writer_.frames_.size() - 1;
  PyObject* const list = writer_.frames_[top].container;
  Py_ssize_t position = writer_.frames_[top].position;
  while (position < PyList_GET_SIZE(list)) {
    PyObject* const item = PyList_GET_ITEM(list, position);
    writer_.frames_[top].position = ++position;
    const Step item_step = write(item);
    if (item_step != Step::written) return item_step;
    *sink_.cursor++ = ',';
  }
  return close(']');
}

JsonEncoder::Step JsonEncoder::walk_tuple() {
  const std::size_t top = writer_.frames_.size() - 1;
  PyObject* const tuple = writer_.frames_[top].container;
  Py_ssize_t position = writer_.frames_[top].position;
  while (position < PyTuple_GET_SIZE(tuple)) {
    PyObject* const item = PyTuple_GET_ITEM(tuple, position);
    writer_.frames_[top].position = ++position;
    const Step item_step = write(item);
    if (item_step != Step::written) return item_step;
    *sink_.cursor++ = ',';
  }
  return close(']');
}

JsonEncoder::Step JsonEncoder::walk_dict() {
  const std::size_t top = writer_.frames_.size() - 1;
  PyObject* const dict = writer_.frames_[top].container;
  Py_ssize_t position = writer_.frames_[top].position;
  PyObject* key;
  PyObject* value;
  while (PyDict_Next(dict, &position, &key, &value)) {
    writer_.frames_[top].position = position;
    Step value_step;
    if (PyUnicode_CheckExact(key)) [[likely]] {
      if (!write_string(key)) return Step::failed;
      *sink_.cursor++ = ':';
      value_step = write(value);
    } else {
      // Python may run for the key, and the value must outlive that.
      const OwnedRef kept_key = OwnedRef::share(key);
      const OwnedRef kept_value = OwnedRef::share(value);
      if (!write_key(key)) return Step::failed;
      value_step = write(value);
    }
    if (value_step != Step::written) return value_step;
    *sink_.cursor++ = ',';
  }
  return close('}');
}

JsonEncoder::Step JsonEncoder::walk_pairs() {
  const std::size_t top = writer_.frames_.size() - 1;
  PyObject* const pairs = writer_.frames_[top].container;
  Py_ssize_t position = writer_.frames_[top].position;
  while (position < PyList_GET_SIZE(pairs)) {
    const OwnedRef pair = OwnedRef::share(PyList_GET_ITEM(pairs, position));
    writer_.frames_[top].position = ++position;
    if (!PyTuple_Check(pair.get()) || PyTuple_GET_SIZE(pair.get()) != 2) {
      return step(fail("items() gave something else than pairs"));
    }
    if (!write_key(PyTuple_GET_ITEM(pair.get(), 0))) return Step::failed;
    const Step value_step = write(PyTuple_GET_ITEM(pair.get(), 1));
    if (value_step != Step::written) return value_step;
    *sink_.cursor++ = ',';
  }
  return close('}');
}

JsonEncoder::Step JsonEncoder::walk_fields() {
  const std::size_t top = writer_.frames_.size() - 1;
  PyObject* const object = writer_.frames_[top].container;
  PyObject* const names = writer_.frames_[top].names;
  Py_ssize_t position = writer_.frames_[top].position;
  while (position < PyTuple_GET_SIZE(names)) {
    PyObject* const name = PyTuple_GET_ITEM(names, position);
    writer_.frames_[top].position = ++position;
    const OwnedRef value(PyObject_GetAttr(object, name));
    if (!value) {
      if (!PyErr_ExceptionMatches(PyExc_AttributeError)) return Step::failed;
      PyErr_Clear();
      return step(fail("a declared field is not set"));
    }
    if (!write_string(name)) return Step::failed;
    *sink_.cursor++ = ':';
    const Step value_step = write(value.get());
    if (value_step != Step::written) return value_step;
    *sink_.cursor++ = ',';
  }
  return close('}');
}

bool JsonEncoder::write_literal(const char* text, std::size_t bytes) {
  if (!sink_.ensure(8 + punctuation_bytes)) return false;
  std::memcpy(sink_.cursor, text, bytes);
  sink_.cursor += bytes;
  return true;
}

bool JsonEncoder::write_integer(PyObject* integer) {
  if (!sink_.ensure(json::integer_bytes_max + punctuation_bytes)) return false;
  std::int64_t value;
  if (small_integer(integer, value)) [[likely]] {
    sink_.cursor = json::write_integer(sink_.cursor, value);
    return true;
  }
  return write_big_integer(integer);
}

bool JsonEncoder::write_big_integer(PyObject* integer) {
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(integer, &overflow);
  if (overflow == 0) {
    sink_.cursor = json::write_integer(sink_.cursor, value);
    return true;
  }
  // Not str(): a subclass may say anything there.
  const OwnedRef text(PyLong_Type.tp_repr(integer));
  if (!text) return fail("an int of more digits than the interpreter converts");
  const auto bytes = static_cast<std::size_t>(PyUnicode_GET_LENGTH(text.get()));
  if (!sink_.ensure(bytes + punctuation_bytes)) return false;
  std::memcpy(sink_.cursor, PyUnicode_1BYTE_DATA(text.get()), bytes);
  sink_.cursor += bytes;
  return true;
}

bool JsonEncoder::write_real(double value) {
  if (!std::isfinite(value)) [[unlikely]] {
    if (options_.nan_is_error) return fail("NaN and infinities are not JSON");
    return write_literal("null", 4);
  }
  if (!sink_.ensure(json::real_bytes_max + punctuation_bytes)) return false;
  sink_.cursor = json::write_real(sink_.cursor, value);
  return true;
}

bool JsonEncoder::write_string(PyObject* text) {
  const char* octets;
  std::size_t bytes;
  if (PyUnicode_IS_COMPACT_ASCII(text)) [[likely]] {
    octets = static_cast<const char*>(PyUnicode_DATA(text));
    bytes = static_cast<std::size_t>(PyUnicode_GET_LENGTH(text));
  } else {
    const auto* compact = reinterpret_cast<const PyCompactUnicodeObject*>(text);
    if (compact->utf8 == nullptr) return write_wide_string(text);
    octets = compact->utf8;
    bytes = static_cast<std::size_t>(compact->utf8_length);
  }
  constexpr std::size_t around = json::escape_slack_bytes + 2 + punctuation_bytes;
  if (!sink_.ensure(json::escaped_bytes_max * std::min(bytes, piece_bytes) + around)) return false;
  *sink_.cursor++ = '"';
  while (bytes > piece_bytes) [[unlikely]] {
    sink_.cursor = json::write_utf8_string(sink_.cursor, octets, piece_bytes);
    octets += piece_bytes;
    bytes -= piece_bytes;
    if (!sink_.ensure(json::escaped_bytes_max * std::min(bytes, piece_bytes) + around))
      return false;
  }
  sink_.cursor = json::write_utf8_string(sink_.cursor, octets, bytes);
  *sink_.cursor++ = '"';
  return true;
}

bool JsonEncoder::write_wide_string(PyObject* text) {
  std::size_t count = static_cast<std::size_t>(PyUnicode_GET_LENGTH(text));
  std::size_t done = 0;
  if (!sink_.ensure(1)) return false;
  *sink_.cursor++ = '"';
  do {
    const std::size_t piece = std::min(count - done, piece_bytes);
    if (!sink_.ensure(json::escaped_bytes_max * piece + json::escape_slack_bytes + 2 +
                      punctuation_bytes)) {
      return false;
    }
    char* out = nullptr;
    switch (PyUnicode_KIND(text)) {
      case PyUnicode_1BYTE_KIND:
        out = json::write_units(sink_.cursor, PyUnicode_1BYTE_DATA(text) + done, piece);
        break;
      case PyUnicode_2BYTE_KIND:
        out = json::write_units(sink_.cursor, PyUnicode_2BYTE_DATA(text) + done, piece);
        break;
      default:
        out = json::write_units(sink_.cursor, PyUnicode_4BYTE_DATA(text) + done, piece);
        break;
    }
    if (out == nullptr) return fail("a str with a lone surrogate");
    sink_.cursor = out;
    done += piece;
  } while (done < count);
  *sink_.cursor++ = '"';
  return true;
}

}  // namespace noria::py
