// Checks header fields where they are set (RSP-014).
#pragma once

#include <pybind11/pybind11.h>

namespace pelton::py {

// Adds check_field().
void add_fields(pybind11::module_& module);

}  // namespace pelton::py
