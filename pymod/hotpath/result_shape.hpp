// The shape of a declared result of plain JSON types. Conversion through the declared type would
// not change a value of exactly this shape, so such a value is sent as it is.
#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

class ResultShape {
 public:
  // Reads the tuples of shape_of in pelton.signature.results: (kinds, shape of a list's items or
  // None, shape of a dict's values or None). False with an error set.
  bool compile(BorrowedRef tuple) { return add(tuple.get()).has_value(); }

  // Without a shape no value fits. Runs no Python code.
  bool fits(PyObject* value) const { return !nodes_.empty() && fits(0, value); }

 private:
  // The bits of `kinds`, each an exact type.
  enum Kind : std::uint8_t {
    any = 1,
    null = 2,
    boolean = 4,
    integer = 8,
    real = 16,
    string = 32,
  };
  struct Node {
    std::uint8_t kinds;
    std::size_t items;   // of a list; 0: no list fits, since node 0 is no other node's part
    std::size_t values;  // of a dict
  };

  std::optional<std::size_t> add(PyObject* tuple) {
    if (!PyTuple_Check(tuple) || PyTuple_GET_SIZE(tuple) != 3) {
      PyErr_SetString(PyExc_TypeError, "a result's shape is a tuple of three");
      return std::nullopt;
    }
    const long kinds = PyLong_AsLong(PyTuple_GET_ITEM(tuple, 0));
    if (PyErr_Occurred() != nullptr) return std::nullopt;
    const std::size_t index = nodes_.size();
    nodes_.push_back({static_cast<std::uint8_t>(kinds), 0, 0});
    for (const Py_ssize_t part : {1, 2}) {
      PyObject* const inner = PyTuple_GET_ITEM(tuple, part);
      if (inner == Py_None) continue;
      const std::optional<std::size_t> added = add(inner);
      if (!added) return std::nullopt;
      (part == 1 ? nodes_[index].items : nodes_[index].values) = *added;
    }
    return index;
  }

  static std::uint8_t kind_of(PyObject* value) {
    const PyTypeObject* const type = Py_TYPE(value);
    if (type == &PyUnicode_Type) return string;
    if (type == &PyLong_Type) return integer;
    if (type == &PyFloat_Type) return real;
    if (type == &PyBool_Type) return boolean;
    return value == Py_None ? null : 0;
  }

  // Goes as deep as the declared type, however deep the value is.
  bool fits(std::size_t index, PyObject* value) const {
    const Node& node = nodes_[index];
    if ((node.kinds & (any | kind_of(value))) != 0) return true;
    if (node.values != 0 && PyDict_CheckExact(value)) {
      Py_ssize_t position = 0;
      PyObject* key;
      PyObject* entry;
      while (PyDict_Next(value, &position, &key, &entry) != 0) {
        if (!PyUnicode_CheckExact(key) || !fits(node.values, entry)) return false;
      }
      return true;
    }
    if (node.items != 0 && PyList_CheckExact(value)) {
      for (Py_ssize_t i = 0; i < PyList_GET_SIZE(value); ++i) {
        if (!fits(node.items, PyList_GET_ITEM(value, i))) return false;
      }
      return true;
    }
    return false;
  }

  std::vector<Node> nodes_;
};

}  // namespace pelton::py
