// Runs the coroutines of handlers. A first step is made at once, in the turn in which the request
// was read, and mostly it is the last. Its asyncio.Task is made when somebody could notice that
// there is none: when the handler waits, or asks for the current task.
#pragma once

#include <Python.h>

#include "http/handler.hpp"
#include "pymod/hotpath/arguments.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

// Answers the loan's exchange with what the coroutine gives, at once or later. `side_channel` may
// be null.
http::Outcome run_coroutine(RequestLoan& loan, PyObject* coroutine, PyObject* side_channel);

// The same with a result for which a coroutine has to be run first
// (ApplicationState::take_later()).
http::Outcome run_later(RequestLoan& loan);

}  // namespace pelton::py
