// Dictionaries whose keys were seen before, in the same order: the records of a service. A copy of
// a kept dictionary brings hash table and keys along, so only values are written; inserting key by
// key is the most expensive part of reading small JSON.
#pragma once

#include <Python.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "pymod/hotpath/dict_walk.hpp"

namespace pelton::py {

class DictShapes {
 public:
  static constexpr std::size_t keys_max = 32;

  DictShapes() : known_(dict_layout_is_known()) {}
  DictShapes(const DictShapes&) = delete;
  DictShapes& operator=(const DictShapes&) = delete;
  ~DictShapes();

  // A dictionary of `count` (1 to keys_max) pairs, items[0] the first key, items[1] its value; the
  // keys are str. Takes all references over. Null without an error, with nothing taken: the shape
  // is not known (it may be the next time), or memory is short.
  [[gnu::always_inline]] PyObject* make(PyObject** items, std::size_t count) {
    const std::uint64_t hash = hash_of(items, count);
    Shape& shape = shapes_[hash % shape_slots];
    if (shape.hash != hash || !is_of(shape, items, count)) [[unlikely]] {
      learn(shape, hash, items, count);
      return nullptr;
    }
    return fill(shape.pattern, items, count);
  }

 private:
  // The pattern holds every key with None. Null: the shape was seen only once.
  struct Shape {
    std::uint64_t hash = 0;
    PyObject* pattern = nullptr;
  };
  static constexpr std::size_t shape_slots = 256;

  // A hash of the keys' addresses: the reader gives out the same string for the same key.
  [[gnu::always_inline]] static std::uint64_t hash_of(PyObject* const* items, std::size_t count) {
    std::uint64_t hash = count;
    for (std::size_t i = 0; i < count; ++i) {
      hash = (hash ^ reinterpret_cast<std::uintptr_t>(items[2 * i])) * 0x9e3779b97f4a7c15;
      hash ^= hash >> 32;
    }
    return hash;
  }

  [[gnu::always_inline]] static bool is_of(const Shape& shape, PyObject* const* items,
                                           std::size_t count) {
    if (shape.pattern == nullptr) return false;
    const DictKeys& keys = keys_of(shape.pattern);
    if (keys.entry_count != static_cast<Py_ssize_t>(count)) return false;
    const DictKeys::UnicodeEntry* const entries = entries_of(keys);
    for (std::size_t i = 0; i < count; ++i) {
      if (entries[i].key != items[2 * i]) return false;
    }
    return true;
  }

  static PyObject* fill(PyObject* pattern, PyObject* const* items, std::size_t count);
  void learn(Shape& shape, std::uint64_t hash, PyObject* const* items, std::size_t count);
  static PyObject* pattern_of(PyObject* const* items, std::size_t count);

  bool known_;
  std::array<Shape, shape_slots> shapes_{};
};

}  // namespace pelton::py
