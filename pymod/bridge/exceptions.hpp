// Exceptions that the bridge treats specially.
#pragma once

#include <Python.h>

#include "pymod/hotpath/application_state.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

// A new asyncio.CancelledError.
OwnedRef cancelled_error();
bool is_cancelled(BorrowedRef exception);
// pelton.ClientDisconnected: the client has caused it, so it is not logged.
bool is_disconnect(BorrowedRef exception);
// Sets the exception as the current error.
void raise(BorrowedRef exception);
// Logs an exception of an exchange that is over: no answer can report it. `request` may be null.
void log_lost(ApplicationState& application, BorrowedRef request, BorrowedRef exception);

}  // namespace pelton::py
