// Octets of a message as Python text, in the three ways the protocol knows.
#pragma once

#include <Python.h>

#include <cstring>
#include <string_view>

namespace noria::py {

// Field values, cookies: one octet, one code point.
inline PyObject* latin1_text(std::string_view octets) {
  return PyUnicode_DecodeLatin1(octets.data(), static_cast<Py_ssize_t>(octets.size()), nullptr);
}

// What routing has proved to be UTF-8, and what need not be: bad octets become U+FFFD.
inline PyObject* utf8_text(std::string_view octets) {
  return PyUnicode_DecodeUTF8(octets.data(), static_cast<Py_ssize_t>(octets.size()), "replace");
}

inline PyObject* octets_object(std::string_view octets) {
  return PyBytes_FromStringAndSize(octets.data(), static_cast<Py_ssize_t>(octets.size()));
}

// The octets of a str whose code points are all below 256, without a copy; false for any other.
inline bool latin1_view(PyObject* text, std::string_view& octets) {
  if (!PyUnicode_Check(text)) return false;
#if PY_VERSION_HEX < 0x030C0000
  if (PyUnicode_READY(text) != 0) {
    PyErr_Clear();
    return false;
  }
#endif
  if (PyUnicode_KIND(text) != PyUnicode_1BYTE_KIND) return false;
  octets = {reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(text)),
            static_cast<std::size_t>(PyUnicode_GET_LENGTH(text))};
  return true;
}

inline std::string_view bytes_view(PyObject* bytes) {
  return {PyBytes_AS_STRING(bytes), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes))};
}

}  // namespace noria::py
