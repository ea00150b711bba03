// Arguments given by name to functions that CPython calls with METH_FASTCALL | METH_KEYWORDS.
#pragma once

#include <Python.h>

#include <cstddef>
#include <span>

namespace pelton::py {

// A parameter and its argument: borrowed, null until it is given.
struct Parameter {
  const char* name;
  PyObject* value = nullptr;
};

// False with TypeError set for an unknown name, or for one that has its value already.
bool place_named(const char* method, std::span<Parameter> parameters, PyObject* const* values,
                 PyObject* names);

// Places arguments by position, the others by name. False with TypeError set. The caller checks
// whether required arguments are missing.
inline bool place_arguments(const char* method, std::span<Parameter> parameters,
                            PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
  const auto placed = static_cast<std::size_t>(count);
  if (placed > parameters.size()) {
    PyErr_Format(PyExc_TypeError, "%s() takes at most %zu arguments, not %zd", method,
                 parameters.size(), count);
    return false;
  }
  for (std::size_t index = 0; index < placed; ++index) parameters[index].value = arguments[index];
  return names == nullptr || place_named(method, parameters, arguments + count, names);
}

// The argument of a method that takes one; borrowed, null with TypeError set.
inline PyObject* only_argument(const char* method, const char* name, PyObject* const* arguments,
                               Py_ssize_t count, PyObject* names) {
  Parameter only[] = {{.name = name}};
  if (!place_arguments(method, only, arguments, count, names)) return nullptr;
  if (only[0].value == nullptr) PyErr_Format(PyExc_TypeError, "%s() misses its %s", method, name);
  return only[0].value;
}

}  // namespace pelton::py
