// Futures for Python code that awaits an exchange or a WebSocket.
#pragma once

#include <Python.h>

#include "pymod/hotpath/application_state.hpp"

namespace pelton::py {

// A new future of the loop that serves, else of the loop that runs on this thread (an
// AsyncTestClient's). Null with RuntimeError(`if_none`) set if there is no loop.
PyObject* new_loop_future(const ApplicationState& application, const char* if_none);

}  // namespace pelton::py
