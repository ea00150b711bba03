#include "pymod/hotpath/dict_shapes.hpp"

#include <utility>

#include "pymod/hotpath/python_versions.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

DictShapes::~DictShapes() {
  for (const Shape& shape : shapes_) Py_XDECREF(shape.pattern);
}

PyObject* DictShapes::fill(PyObject* pattern, PyObject* const* items, std::size_t count) {
  PyObject* const dict = PyDict_Copy(pattern);
  if (dict == nullptr) [[unlikely]] {
    PyErr_Clear();
    return nullptr;
  }
  auto* const entries = const_cast<DictKeys::UnicodeEntry*>(entries_of(keys_of(dict)));
  bool containers = false;
  for (std::size_t i = 0; i < count; ++i) {
    PyObject* const value = items[2 * i + 1];
    entries[i].value = value;
    Py_DECREF(items[2 * i]);  // the copy has its own
    containers |= PyDict_CheckExact(value) || PyList_CheckExact(value);
  }
  give_back_none(static_cast<Py_ssize_t>(count));
  // As PyDict_SetItem would: the collector need not track a dictionary without containers.
  if (containers && !new_dicts_are_tracked) PyObject_GC_Track(dict);
  return dict;
}

// A shape seen a second time gets its pattern; a shape seen once costs only its hash.
[[gnu::noinline]] void DictShapes::learn(Shape& shape, std::uint64_t hash, PyObject* const* items,
                                         std::size_t count) {
  if (!known_) return;
  PyObject* const pattern = shape.hash == hash ? pattern_of(items, count) : nullptr;
  shape.hash = hash;
  Py_XDECREF(std::exchange(shape.pattern, pattern));
}

// Null when there is none: the keys repeat, or a copy is not laid out as its original.
PyObject* DictShapes::pattern_of(PyObject* const* items, std::size_t count) {
  OwnedRef pattern(PyDict_New());
  if (!pattern) {
    PyErr_Clear();
    return nullptr;
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (PyDict_SetItem(pattern.get(), items[2 * i], Py_None) != 0) {
      PyErr_Clear();
      return nullptr;
    }
  }
  const OwnedRef copy(PyDict_Copy(pattern.get()));
  if (!copy) {
    PyErr_Clear();
    return nullptr;
  }
  if ((PyObject_GC_IsTracked(copy.get()) != 0) != new_dicts_are_tracked) return nullptr;
  for (PyObject* const dict : {pattern.get(), copy.get()}) {
    if (!has_only_text_keys(dict)) return nullptr;
    const DictKeys& keys = keys_of(dict);
    if (keys.entry_count != static_cast<Py_ssize_t>(count)) return nullptr;
    for (std::size_t i = 0; i < count; ++i) {
      if (entries_of(keys)[i].key != items[2 * i] || entries_of(keys)[i].value != Py_None) {
        return nullptr;
      }
    }
  }
  return pattern.release();
}

}  // namespace pelton::py
