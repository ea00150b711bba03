#include "pymod/loop/named_arguments.hpp"

#include <algorithm>

namespace pelton::py {

bool place_named(const char* method, std::span<Parameter> parameters, PyObject* const* values,
                 PyObject* names) {
  const Py_ssize_t count = PyTuple_GET_SIZE(names);
  for (Py_ssize_t index = 0; index < count; ++index) {
    PyObject* const name = PyTuple_GET_ITEM(names, index);
    const auto found = std::ranges::find_if(parameters, [name](const Parameter& parameter) {
      return PyUnicode_CompareWithASCIIString(name, parameter.name) == 0;
    });
    if (found == parameters.end()) {
      PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", method, name);
      return false;
    }
    if (found->value != nullptr) {
      PyErr_Format(PyExc_TypeError, "%s() got multiple values for argument '%U'", method, name);
      return false;
    }
    found->value = values[index];
  }
  return true;
}

}  // namespace pelton::py
