// Arguments and results of send() and throw() for a native coroutine, as a generator's methods have
// them.
#pragma once

#include <Python.h>

#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

// The result of a step as a method returns it: PYGEN_RETURN raises StopIteration. Takes over
// `result`.
PyObject* method_result(PySendResult kind, PyObject* result);

// The exception that throw(exception), or the older throw(type[, value[, traceback]]), raises. Null
// with an error set.
OwnedRef thrown(PyObject* arguments);

}  // namespace pelton::py
