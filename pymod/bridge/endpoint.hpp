// A route's handler as the layers around it call it: what its plan says, but only now, and the
// result as it is.
#pragma once

#include <Python.h>

namespace pelton::py {

// Gives Request its method _call(); false with an error set.
bool add_endpoint_call(PyTypeObject* request_type);

}  // namespace pelton::py
