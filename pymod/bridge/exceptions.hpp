// Exceptions that have a meaning to the bridge.
#pragma once

#include <Python.h>

#include "pymod/hotpath/application_state.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

// A new asyncio.CancelledError.
OwnedRef cancelled_error();
bool is_cancelled(BorrowedRef exception);
// pelton.ClientDisconnected: the client's doing, nothing to log.
bool is_disconnect(BorrowedRef exception);
// Sets it as the current error.
void raise(BorrowedRef exception);
// Of an exchange that is over: nobody can be told any more, but the log. `request` may be null.
void log_lost(ApplicationState& application, BorrowedRef request, BorrowedRef exception);

}  // namespace pelton::py
