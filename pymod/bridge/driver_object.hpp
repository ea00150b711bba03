// The Python object around a Driver: the coroutine of a handler's task, through which the package's
// own coroutines reach the exchange.
#pragma once

#include <Python.h>

#include "pymod/bridge/driver.hpp"

namespace pelton::py {

struct DriverObject {
  PyObject_HEAD Driver driver;
};

// A new reference, or null with an error set.
PyTypeObject* make_driver_type();
// A new reference, or null with an error set; see Driver's constructor.
DriverObject* new_driver(PyTypeObject* type, RequestLoan& loan, OwnedRef coroutine,
                         OwnedRef side_channel, HostedCall* hosted);

}  // namespace pelton::py
