// Request._call(), with which the layers around a handler call it. The arguments are read in that
// call, and the result is returned as it is.
#pragma once

#include <Python.h>

namespace pelton::py {

// Gives Request its method _call(); false with an error set.
bool add_endpoint_call(PyTypeObject* request_type);

}  // namespace pelton::py
