// pelton._native's JSON: json_dumps, json_loads and the two error types.
#pragma once

#include <Python.h>

namespace pelton::py {

// Adds them to the module; -1 with a Python error set.
int add_json(PyObject* module);

}  // namespace pelton::py
