// What send() and throw() of a coroutine written in C say and take, as a generator's do.
#pragma once

#include <Python.h>

#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

// The result of a step as a method gives it: a return raises StopIteration. Takes over `result`.
PyObject* method_result(PySendResult kind, PyObject* result);

// What throw(exception), or of old throw(type[, value[, traceback]]), is to raise. Null with an
// error set.
OwnedRef thrown(PyObject* arguments);

}  // namespace pelton::py
