// Octets of a message as Python text or bytes, and back.
#pragma once

#include <Python.h>

#include <cstdint>
#include <cstring>
#include <string_view>

#include "http/message/octet_word.hpp"
#include "pymod/hotpath/fresh_values.hpp"

namespace pelton::py {

// Whether the text is ASCII, as nearly every text of a message is: plain_text() then makes the str
// without a decoder. False also for texts of 0 or 1 octets, whose str the interpreter shares.
[[gnu::always_inline]] inline bool is_plain_text(std::string_view octets) {
  using http::octet_word::load;
  constexpr std::uint64_t high_bits = ~http::octet_word::low_bits;
  const std::size_t bytes = octets.size();
  if (bytes < 8) {
    return bytes >= 2 && (http::octet_word::load_short(octets.data(), bytes) & high_bits) == 0;
  }
  const char* const last = octets.data() + bytes - 8;
  std::uint64_t seen = load(last);
  for (const char* at = octets.data(); at < last; at += 8) seen |= load(at);
  return (seen & high_bits) == 0;
}

inline PyObject* plain_text(std::string_view octets) {
  PyObject* const text = new_ascii(octets.size());
  if (text != nullptr) {
    std::memcpy(reinterpret_cast<PyASCIIObject*>(text) + 1, octets.data(), octets.size());
  }
  return text;
}

enum class Charset : std::uint8_t {
  utf8,    // text that routing has found valid, and any other: bad octets become U+FFFD
  latin1,  // field values, cookies: one octet, one code point
};

inline PyObject* text_object(std::string_view octets, Charset charset) {
  if (is_plain_text(octets)) [[likely]]
    return plain_text(octets);
  const auto bytes = static_cast<Py_ssize_t>(octets.size());
  return charset == Charset::utf8 ? PyUnicode_DecodeUTF8(octets.data(), bytes, "replace")
                                  : PyUnicode_DecodeLatin1(octets.data(), bytes, nullptr);
}
inline PyObject* latin1_text(std::string_view octets) {
  return text_object(octets, Charset::latin1);
}
inline PyObject* utf8_text(std::string_view octets) {
  return text_object(octets, Charset::utf8);
}

inline PyObject* octets_object(std::string_view octets) {
  return PyBytes_FromStringAndSize(octets.data(), static_cast<Py_ssize_t>(octets.size()));
}

// The octets of a str whose code points are all below 256, without a copy; false for any other.
inline bool latin1_view(PyObject* text, std::string_view& octets) {
  if (!PyUnicode_Check(text)) return false;
  if (!make_ready(text)) {
    PyErr_Clear();
    return false;
  }
  if (PyUnicode_KIND(text) != PyUnicode_1BYTE_KIND) return false;
  octets = {reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(text)),
            static_cast<std::size_t>(PyUnicode_GET_LENGTH(text))};
  return true;
}

inline std::string_view bytes_view(PyObject* bytes) {
  return {PyBytes_AS_STRING(bytes), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes))};
}

}  // namespace pelton::py
