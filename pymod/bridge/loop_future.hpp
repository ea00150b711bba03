// Futures for what Python awaits of an exchange or a WebSocket.
#pragma once

#include <Python.h>

#include "pymod/hotpath/application_state.hpp"

namespace pelton::py {

// A new reference: a future of the loop that serves, else of whichever runs on this thread (that of
// an AsyncTestClient). Null with RuntimeError(`if_none`) set where there is neither.
PyObject* new_loop_future(const ApplicationState& application, const char* if_none);

}  // namespace pelton::py
