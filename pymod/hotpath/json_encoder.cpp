#include "pymod/hotpath/json_encoder.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>

#include "http/json/number_write.hpp"
#include "http/json/plain_copy.hpp"
#include "http/json/string_write.hpp"
#include "pymod/hotpath/dict_walk.hpp"
#include "pymod/hotpath/python_versions.hpp"

namespace pelton::py {
namespace {

namespace json = http::json;

// Both bits of the state in one test, wherever this interpreter keeps them.
[[gnu::always_inline]] inline bool is_compact_ascii(const PyASCIIObject* text) {
  using State = decltype(text->state);
  State both{};
  both.compact = 1;
  both.ascii = 1;
  std::uint32_t wanted;
  std::uint32_t found;
  std::memcpy(&wanted, &both, sizeof wanted);
  std::memcpy(&found, &text->state, sizeof found);
  return (found & wanted) == wanted;
}

// The size of a list or a dict, which both keep in the same place.
inline Py_ssize_t container_size(PyObject* container) {
  static_assert(offsetof(PyDictObject, ma_used) == offsetof(PyVarObject, ob_size));
  return reinterpret_cast<const PyVarObject*>(container)->ob_size;
}

// Writes a text for which there is room.
template <std::size_t size>
[[gnu::always_inline]] inline char* put(char* out, const char (&text)[size]) {
  std::memcpy(out, text, size - 1);
  return out + size - 1;
}

}  // namespace

[[gnu::always_inline]] inline char* JsonEncoder::push(char* out, PyObject* container, Kind kind,
                                                      PyObject* names) {
  if (depth_ >= JsonWriter::depth_max) [[unlikely]] {
    return fail("nested deeper than 1024 levels, or within itself,");
  }
  out = ensure(out, 2 + punctuation_bytes);
  if (out == nullptr) [[unlikely]]
    return nullptr;
  *out++ = kind >= Kind::dict ? '{' : '[';
  writer_.frames[depth_++] = {Py_NewRef(container), Py_XNewRef(names), 0, kind};
  return out;
}

char* JsonEncoder::grow(char* out, std::size_t bytes) {
  out = sink_.grow(out, bytes);
  end_ = sink_.end();
  return out;
}

char* JsonEncoder::begin(char* out, PyObject* container, Kind kind, PyObject* names) {
  return push(out, container, kind, names);
}

inline void JsonEncoder::pop() {
  const Frame& frame = writer_.frames[--depth_];
  PyObject* const names = frame.names;
  Py_DECREF(frame.container);
  Py_XDECREF(names);
}

[[gnu::always_inline]] inline char* JsonEncoder::write_literal(char* out, const char* text,
                                                               std::size_t bytes) {
  out = ensure(out, 8 + punctuation_bytes);
  if (out == nullptr) return nullptr;
  std::memcpy(out, text, bytes);
  return out + bytes;
}

[[gnu::always_inline]] inline char* JsonEncoder::write_integer(char* out, PyObject* integer) {
  std::int64_t value;
  if (!small_integer(integer, value)) return write_big_integer(out, integer);
  out = ensure(out, json::integer_bytes_max + punctuation_bytes);
  return out == nullptr ? nullptr : json::write_integer(out, value);
}

[[gnu::always_inline]] inline char* JsonEncoder::write_real(char* out, double value) {
  if (!std::isfinite(value)) [[unlikely]] {
    if (options_.nan_is_error) return refuse("NaN and infinities are not JSON");
    return write_literal(out, "null", 4);
  }
  out = ensure(out, json::real_bytes_max + punctuation_bytes);
  return out == nullptr ? nullptr : json::write_real(out, value);
}

[[gnu::always_inline]] inline char* JsonEncoder::write_utf8(char* out, const char* octets,
                                                            std::size_t bytes) {
  out = ensure(out, bytes + json::short_bytes_max + 2 + punctuation_bytes);
  if (out == nullptr) [[unlikely]]
    return nullptr;
  if (!(bytes <= json::short_bytes_max ? json::copy_plain_short(out + 1, octets, bytes)
                                       : json::copy_plain(out + 1, octets, bytes))) [[unlikely]]
    return write_special_string(out, octets, bytes);
  *out = '"';
  out += 1 + bytes;
  *out = '"';
  return out + 1;
}

[[gnu::always_inline]] inline char* JsonEncoder::write_string(char* out, PyObject* text) {
  const auto* const ascii = reinterpret_cast<const PyASCIIObject*>(text);
  if (!is_compact_ascii(ascii)) [[unlikely]]
    return write_other_string(out, text);
  return write_utf8(out, reinterpret_cast<const char*>(ascii + 1),
                    static_cast<std::size_t>(ascii->length));
}

// A str keeps its UTF-8 form once code has asked for it.
[[gnu::noinline]] char* JsonEncoder::write_other_string(char* out, PyObject* text) {
  const auto* const compact = reinterpret_cast<const PyCompactUnicodeObject*>(text);
  if (compact->utf8 == nullptr) return write_wide_string(out, text);
  return write_utf8(out, compact->utf8, static_cast<std::size_t>(compact->utf8_length));
}

// Writes a str, int, float, bool or None of exactly that type; any other value gives false and
// leaves `out` as it was. A failure sets `out` to null and is true.
[[gnu::always_inline]] inline bool JsonEncoder::write_leaf(char*& out, PyObject* value) {
  const PyTypeObject* const type = Py_TYPE(value);
  if (type == &PyUnicode_Type) {
    out = write_string(out, value);
  } else if (type == &PyLong_Type) {
    out = write_integer(out, value);
  } else if (static_cast<unsigned>(value == Py_None) |
             static_cast<unsigned>(type == &PyBool_Type)) {
    // Three constants in one word each, without a branch: which one comes cannot be predicted.
    const bool is_true = value == Py_True;
    const bool is_false = value == Py_False;
    const char* const text = is_true ? "true" : is_false ? "false" : "null";
    out = ensure(out, 8 + punctuation_bytes);
    if (out != nullptr) {
      std::memcpy(out, text, 4);
      out[4] = 'e';
      out += 4 + is_false;
    }
  } else if (type == &PyFloat_Type) {
    out = write_real(out, PyFloat_AS_DOUBLE(value));
  } else {
    return false;
  }
  return true;
}

char* JsonEncoder::write_text(char* out, PyObject* text) {
  return write_string(out, text);
}

char* JsonEncoder::write(char* out, PyObject* value) {
  if (write_leaf(out, value)) return out;
  const PyTypeObject* const type = Py_TYPE(value);
  if (type == &PyDict_Type) {
    return dict_size(value) > 0 ? begin(out, value, Kind::dict) : write_literal(out, "{}", 2);
  }
  if (type == &PyList_Type) {
    return PyList_GET_SIZE(value) > 0 ? begin(out, value, Kind::list) : write_literal(out, "[]", 2);
  }
  if (type == &PyTuple_Type) {
    return PyTuple_GET_SIZE(value) > 0 ? begin(out, value, Kind::tuple)
                                       : write_literal(out, "[]", 2);
  }
  return write_by_type(out, value);
}

// Every item ends with a comma; the bracket replaces the last one. The frame on top has no names.
[[gnu::always_inline]] inline char* JsonEncoder::end(char* out, char bracket) {
  out -= out[-1] == ',';
  out[0] = bracket;
  Py_DECREF(writer_.frames[--depth_].container);
  if (depth_ == 0) return out + 1;
  out[1] = ',';
  return ensure(out + 2, punctuation_bytes);
}

char* JsonEncoder::close(char* out, char bracket) {
  Py_CLEAR(top().names);
  return end(out, bracket);
}

// Writes nested lists and dictionaries, the usual content of documents, without leaving this
// function. Returns when the container on top is of another kind or all is written.
[[gnu::always_inline]] inline char* JsonEncoder::walk(char* out, PyObject* container,
                                                      Py_ssize_t position, Kind kind) {
  PyObject* value;
  const bool known_layout = writer_.dict_layout_known;
  if (kind == Kind::dict) goto in_dict;

in_list:
  while (position < PyList_GET_SIZE(container)) {
    value = PyList_GET_ITEM(container, position++);
    if (Py_TYPE(value) == &PyFloat_Type) {
      out = write_real(out, PyFloat_AS_DOUBLE(value));
    } else if (Py_TYPE(value) == &PyLong_Type) {
      out = write_integer(out, value);
    } else {
      // Room for any word, asked for once: which one comes cannot be predicted.
      out = ensure(out, 8 + punctuation_bytes);
      if (out == nullptr) [[unlikely]]
        goto failed;
      if (Py_TYPE(value) == &PyUnicode_Type) {
        if (PyUnicode_GET_LENGTH(value) == 0) {
          out = put(out, R"("",)");
          continue;
        }
        out = write_string(out, value);
      } else if (value == Py_True) {
        out = put(out, "true,");
        continue;
      } else if (value == Py_False) {
        out = put(out, "false,");
        continue;
      } else if (value == Py_None) {
        out = put(out, "null,");
        continue;
      } else if (Py_TYPE(value) == &PyList_Type && PyList_GET_SIZE(value) == 0) {
        out = put(out, "[],");
        continue;
      } else if (Py_TYPE(value) == &PyDict_Type && dict_size(value) == 0) {
        out = put(out, "{},");
        continue;
      } else {
        goto nested;
      }
    }
    if (out == nullptr) [[unlikely]]
      goto failed;
    *out++ = ',';
  }
  out = end(out, ']');
  goto closed;

in_dict: {
  const DictCursor entries(known_layout, container);
  for (PyObject* key; entries.next(position, key, value);) {
    if (!PyUnicode_CheckExact(key)) [[unlikely]] {
      const std::size_t depth = depth_;
      top().position = position;
      // Writing the key may run Python code, and the value must outlive that.
      const OwnedRef kept_key = OwnedRef::share(key);
      const OwnedRef kept_value = OwnedRef::share(value);
      out = write_key(out, key);
      if (out != nullptr) out = write(out, value);
      if (depth_ != depth) return out;
      goto written;
    }
    // Nothing from here to the next entry runs Python code, unless it leaves this loop.
    out = write_string(out, key);
    if (out == nullptr) [[unlikely]]
      goto failed;
    *out++ = ':';
    if (!write_leaf(out, value)) goto nested;
    if (out == nullptr) [[unlikely]]
      goto failed;
    *out++ = ',';
  }
}
  out = end(out, '}');

closed:
  if (out == nullptr || depth_ == 0) return out;
  container = top().container;
  position = top().position;
  if (top().kind == Kind::dict) goto in_dict;
  if (top().kind == Kind::list) goto in_list;
  return out;

nested:
  if (const auto is_dict = static_cast<unsigned>(Py_TYPE(value) == &PyDict_Type);
      is_dict | static_cast<unsigned>(Py_TYPE(value) == &PyList_Type)) {
    if (container_size(value) == 0) {
      out = write_literal(out, is_dict != 0 ? "{}" : "[]", 2);
      goto written;
    }
    top().position = position;
    out = push(out, value, is_dict != 0 ? Kind::dict : Kind::list);
    if (out == nullptr) [[unlikely]]
      return nullptr;
    container = value;
    position = 0;
    if (is_dict != 0) goto in_dict;
    goto in_list;
  }
  top().position = position;
  {
    const std::size_t depth = depth_;
    out = write(out, value);
    if (depth_ != depth) return out;
  }
written:
  if (out == nullptr) [[unlikely]]
    goto failed;
  *out++ = ',';
  if (top().kind == Kind::dict) goto in_dict;
  goto in_list;

failed:
  top().position = position;
  return nullptr;
}

void JsonEncoder::pop_all() {
  while (depth_ > 0) pop();
}

[[gnu::always_inline]] inline char* JsonEncoder::encode(PyObject* value) {
  char* out = sink_.begin();
  Frame now{value, nullptr, 0, Kind::dict};
  // Nearly every value that comes here is a non-empty dict, which needs neither the look-up of its
  // type nor the frame's memory.
  if (Py_TYPE(value) == &PyDict_Type && dict_size(value) > 0) [[likely]] {
    out = push(out, value, Kind::dict);
    if (out == nullptr) [[unlikely]]
      return nullptr;
  } else {
    out = write(out, value);
    if (out == nullptr || depth_ == 0) return told(out);
    now = top();
  }
  for (;;) {
    if (now.kind == Kind::dict || now.kind == Kind::list) [[likely]] {
      out = walk(out, now.container, now.position, now.kind);
    } else if (now.kind == Kind::tuple) {
      out = walk_tuple(out);
    } else {
      out = now.kind == Kind::pairs ? walk_pairs(out) : walk_fields(out);
    }
    if (out == nullptr || depth_ == 0) return told(out);
    now = top();
  }
}

char* json_encode(JsonWriter& writer, PyObject* value, const JsonWriteOptions& options,
                  JsonSink& sink) {
  return JsonEncoder(writer, options, sink).encode(value);
}

char* JsonEncoder::write_big_integer(char* out, PyObject* integer) {
  out = ensure(out, json::integer_bytes_max + punctuation_bytes);
  if (out == nullptr) return nullptr;
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(integer, &overflow);
  if (overflow == 0) return json::write_integer(out, value);
  // Not str(), which a subclass may override.
  const OwnedRef text(PyLong_Type.tp_repr(integer));
  if (!text) return refuse("an int of more digits than the interpreter converts");
  return write_octets(out, static_cast<const char*>(PyUnicode_DATA(text.get())),
                      static_cast<std::size_t>(PyUnicode_GET_LENGTH(text.get())));
}

char* JsonEncoder::write_octets(char* out, const char* text, std::size_t bytes) {
  out = ensure(out, bytes + punctuation_bytes);
  if (out == nullptr) return nullptr;
  std::memcpy(out, text, bytes);
  return out + bytes;
}

}  // namespace pelton::py
