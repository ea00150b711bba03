// PyDict_Next for loops that run once per key of every response. Where the layout of this
// interpreter's dictionaries is known, the entries are read in place; everywhere else, and for the
// dictionaries of instances, PyDict_Next is asked.
#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>

namespace noria::py {

// The keys object behind a dictionary as CPython 3.11, 3.12 and 3.13 (with the interpreter lock)
// lay it out. It is not in the public headers; dict_layout_is_known() proves it at start-up.
struct DictKeys {
  enum Kind : std::uint8_t { general = 0, unicode = 1 };
  struct GeneralEntry {
    Py_hash_t hash;
    PyObject* key;
    PyObject* value;
  };
  struct UnicodeEntry {
    PyObject* key;
    PyObject* value;
  };

  Py_ssize_t references;
  std::uint8_t log2_size;
  std::uint8_t log2_index_bytes;
  Kind kind;
  std::uint32_t version;
  Py_ssize_t usable;
  Py_ssize_t entry_count;
  char indices[1];  // 1 << log2_index_bytes of them, then the entries
};

// PyDict_Size of what is known to be a dictionary.
inline Py_ssize_t dict_size(PyObject* dict) {
  return reinterpret_cast<const PyDictObject*>(dict)->ma_used;
}

// Whether this interpreter lays dictionaries out so: by its version, and by walking a few both
// ways.
bool dict_layout_is_known();

// As PyDict_Next: the same positions, borrowed references, and the dictionary may change in
// between. `known` is what dict_layout_is_known() said.
[[gnu::always_inline]] inline bool next_entry(bool known, PyObject* dict, Py_ssize_t& position,
                                              PyObject*& key, PyObject*& value) {
  const auto* const object = reinterpret_cast<const PyDictObject*>(dict);
  if (!known || object->ma_values != nullptr) [[unlikely]] {
    // Copies, so that the caller's may stay in registers.
    Py_ssize_t asked_position = position;
    PyObject* asked_key;
    PyObject* asked_value;
    if (PyDict_Next(dict, &asked_position, &asked_key, &asked_value) == 0) return false;
    position = asked_position;
    key = asked_key;
    value = asked_value;
    return true;
  }
  const auto* const keys = reinterpret_cast<const DictKeys*>(object->ma_keys);
  const char* const entries = keys->indices + (std::size_t{1} << keys->log2_index_bytes);
  const bool unicode = keys->kind == DictKeys::unicode;
  while (position < keys->entry_count) {
    if (unicode) [[likely]] {
      const auto& entry = reinterpret_cast<const DictKeys::UnicodeEntry*>(entries)[position];
      key = entry.key;
      value = entry.value;
    } else {
      const auto& entry = reinterpret_cast<const DictKeys::GeneralEntry*>(entries)[position];
      key = entry.key;
      value = entry.value;
    }
    ++position;
    if (value != nullptr) [[likely]]
      return true;  // else a key was deleted here
  }
  return false;
}

}  // namespace noria::py
