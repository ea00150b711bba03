// Ints, floats and ASCII strings as PyLong_FromLongLong, PyFloat_FromDouble and PyUnicode_New make
// them, without the calls between here and the allocator, which are much of what reading JSON
// costs. Where this interpreter lays them out differently, its own functions are called.
#pragma once

#include <Python.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/check.hpp"
#include "pymod/hotpath/python_versions.hpp"

namespace pelton::py {

// All return a new reference, or null with MemoryError set.

[[gnu::always_inline]] inline PyObject* new_float(double value) {
  if constexpr (!value_layouts_known) return PyFloat_FromDouble(value);
  auto* const number = static_cast<PyFloatObject*>(PyObject_Malloc(sizeof(PyFloatObject)));
  if (number == nullptr) [[unlikely]]
    return PyErr_NoMemory();
  auto* const object = reinterpret_cast<PyObject*>(number);
  begin_object(object, &PyFloat_Type);
  number->ob_fval = value;
  return object;
}

// Room for `length` characters, which the caller writes; not for 0 or 1, since the interpreter
// shares such strings.
[[gnu::always_inline]] inline PyObject* new_ascii(std::size_t length) {
  if constexpr (!value_layouts_known) return PyUnicode_New(static_cast<Py_ssize_t>(length), 0x7f);
  auto* const text =
      static_cast<PyASCIIObject*>(PyObject_Malloc(sizeof(PyASCIIObject) + length + 1));
  if (text == nullptr) [[unlikely]]
    return PyErr_NoMemory();
  auto* const object = reinterpret_cast<PyObject*>(text);
  begin_object(object, &PyUnicode_Type);
  begin_ascii(text);
  text->length = static_cast<Py_ssize_t>(length);
  text->hash = -1;
  reinterpret_cast<char*>(text + 1)[length] = '\0';
  return object;
}

// Makes ints. The interpreter shares the small ones, of which an array is kept here.
class Integers {
 public:
  Integers() {
    for (std::size_t i = 0; i < shared_.size(); ++i) {
      shared_[i] = PyLong_FromLongLong(shared_first + static_cast<std::int64_t>(i));
      // Every interpreter has made these before any module is loaded.
      CHECK(shared_[i] != nullptr);
    }
  }
  Integers(const Integers&) = delete;
  Integers& operator=(const Integers&) = delete;
  ~Integers() {
    for (PyObject* const integer : shared_) Py_DECREF(integer);
  }

  [[gnu::always_inline]] PyObject* make(std::int64_t value) {
    const auto index = static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(shared_first);
    if (index < shared_.size()) return Py_NewRef(shared_[index]);
    if constexpr (!value_layouts_known) return PyLong_FromLongLong(value);
    return make_unshared(value);
  }

 private:
  static constexpr std::int64_t shared_first = -5;
  static constexpr std::int64_t shared_last = 256;

  [[gnu::always_inline]] static PyObject* make_unshared(std::int64_t value) {
    const std::uint64_t magnitude =
        value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
    constexpr std::uint64_t digit_values = std::uint64_t{1} << PyLong_SHIFT;
    if (magnitude >= digit_values * digit_values) [[unlikely]]
      return PyLong_FromLongLong(value);
    const bool two = magnitude >= digit_values;
    auto* const number = static_cast<PyLongObject*>(
        PyObject_Malloc(integer_bytes + (std::size_t{two} + 1) * sizeof(digit)));
    if (number == nullptr) [[unlikely]]
      return PyErr_NoMemory();
    auto* const object = reinterpret_cast<PyObject*>(number);
    begin_object(object, &PyLong_Type);
    digit* const digits = begin_integer(number, value < 0, 1 + two);
    digits[0] = static_cast<digit>(magnitude & (digit_values - 1));
    if (two) digits[1] = static_cast<digit>(magnitude >> PyLong_SHIFT);
    return object;
  }

  std::array<PyObject*, shared_last - shared_first + 1> shared_;
};

}  // namespace pelton::py
