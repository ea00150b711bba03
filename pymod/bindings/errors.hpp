// Turns errors reported by the rooms into Python errors.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

namespace pelton::py {

// Throws the Python error that a C API call has set.
[[noreturn]] inline void raise_set() {
  throw pybind11::error_already_set();
}

// OSError(error, text), or OSError(text) where the system gave no number.
[[noreturn]] inline void raise_os_error(int error, const std::string& text) {
  const pybind11::object arguments = error == 0
                                         ? pybind11::object(pybind11::str(text))
                                         : pybind11::object(pybind11::make_tuple(error, text));
  PyErr_SetObject(PyExc_OSError, arguments.ptr());
  raise_set();
}

}  // namespace pelton::py
