// PyDict_Next for loops that run once per key of every response. Where the layout of this
// interpreter's dictionaries is known, the entries of those with nothing but str for keys are read
// in place; everywhere else, and for the dictionaries of instances, PyDict_Next is called.
#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>

namespace pelton::py {

// The keys object behind a dictionary as CPython 3.11 to 3.14 (with the interpreter lock) lay it
// out. It is not in the public headers; dict_layout_is_known() proves it at start-up.
struct DictKeys {
  enum Kind : std::uint8_t { general = 0, unicode = 1 };
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

inline const DictKeys& keys_of(PyObject* dict) {
  return *reinterpret_cast<const DictKeys*>(reinterpret_cast<const PyDictObject*>(dict)->ma_keys);
}

// The entries of keys that are all str.
inline const DictKeys::UnicodeEntry* entries_of(const DictKeys& keys) {
  return reinterpret_cast<const DictKeys::UnicodeEntry*>(keys.indices +
                                                         (std::size_t{1} << keys.log2_index_bytes));
}

// Whether keys_of() and entries_of() give all entries of the dictionary, if the layout is known.
inline bool has_only_text_keys(PyObject* dict) {
  return reinterpret_cast<const PyDictObject*>(dict)->ma_values == nullptr &&
         keys_of(dict).kind == DictKeys::unicode;
}

// PyDict_Size of an object known to be a dictionary.
inline Py_ssize_t dict_size(PyObject* dict) {
  return reinterpret_cast<const PyDictObject*>(dict)->ma_used;
}

// Whether this interpreter has this layout: by its version, and by walking samples both ways.
bool dict_layout_is_known();

// PyDict_Next over one dictionary: the same positions, borrowed references. Python code may change
// the dictionary: after it has run, a new cursor continues at the position.
class DictCursor {
 public:
  // `known` is the result of dict_layout_is_known().
  [[gnu::always_inline]] DictCursor(bool known, PyObject* dict) : dict_(dict) {
    if (!known || !has_only_text_keys(dict)) [[unlikely]]
      return;
    const DictKeys& keys = keys_of(dict);
    entries_ = entries_of(keys);
    count_ = keys.entry_count;
  }

  [[gnu::always_inline]] bool next(Py_ssize_t& position, PyObject*& key, PyObject*& value) const {
    if (entries_ == nullptr) [[unlikely]]
      return ask_next(position, key, value);
    while (position < count_) {
      const DictKeys::UnicodeEntry& entry = entries_[position++];
      key = entry.key;
      value = entry.value;
      if (value != nullptr) [[likely]]
        return true;  // else a key was deleted here
    }
    return false;
  }

 private:
  bool ask_next(Py_ssize_t& position, PyObject*& key, PyObject*& value) const {
    // Copies, so that the caller's variables may stay in registers.
    Py_ssize_t asked_position = position;
    PyObject* asked_key;
    PyObject* asked_value;
    if (PyDict_Next(dict_, &asked_position, &asked_key, &asked_value) == 0) return false;
    position = asked_position;
    key = asked_key;
    value = asked_value;
    return true;
  }

  PyObject* dict_;
  const DictKeys::UnicodeEntry* entries_ = nullptr;  // null: PyDict_Next is called
  Py_ssize_t count_ = 0;
};

}  // namespace pelton::py
