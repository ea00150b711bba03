// Octets of a message as Python text, in the three ways the protocol knows.
#pragma once

#include <Python.h>

#include <cstdint>
#include <cstring>
#include <string_view>

#include "pymod/hotpath/fresh_values.hpp"

namespace noria::py {

// Nearly every text of a message is, and then a str is made without the decoders' ceremony. False
// also where the interpreter shares what there is: nothing, and single characters.
[[gnu::always_inline]] inline bool is_plain_text(std::string_view octets) {
  constexpr std::uint64_t high_bits = 0x8080808080808080;
  if (octets.size() < 2) return false;
  const char* const last = octets.data() + octets.size() - sizeof(std::uint64_t);
  std::uint64_t seen = 0;
  std::uint64_t word = 0;
  if (octets.size() < sizeof word) {
    for (const char octet : octets) seen |= static_cast<unsigned char>(octet);
    return (seen & 0x80) == 0;
  }
  for (const char* p = octets.data(); p < last; p += sizeof word) {
    std::memcpy(&word, p, sizeof word);
    seen |= word;
  }
  std::memcpy(&word, last, sizeof word);
  return ((seen | word) & high_bits) == 0;
}

inline PyObject* plain_text(std::string_view octets) {
  PyObject* const text = new_ascii(octets.size());
  if (text != nullptr) {
    std::memcpy(reinterpret_cast<PyASCIIObject*>(text) + 1, octets.data(), octets.size());
  }
  return text;
}

// Field values, cookies: one octet, one code point.
inline PyObject* latin1_text(std::string_view octets) {
  if (is_plain_text(octets)) return plain_text(octets);
  return PyUnicode_DecodeLatin1(octets.data(), static_cast<Py_ssize_t>(octets.size()), nullptr);
}

// What routing has proved to be UTF-8, and what need not be: bad octets become U+FFFD.
inline PyObject* utf8_text(std::string_view octets) {
  if (is_plain_text(octets)) return plain_text(octets);
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
