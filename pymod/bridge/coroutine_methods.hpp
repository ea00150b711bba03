// Arguments and results of send() and throw() for a native coroutine, as a generator's methods have
// them; and how such a coroutine awaits an object.
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

// The iterator that send() goes to while an awaitable is awaited (PEP 492). Null with an error set.
OwnedRef awaited(PyObject* awaitable);

}  // namespace pelton::py
