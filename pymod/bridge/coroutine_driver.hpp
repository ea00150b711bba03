// Runs the coroutines of handlers. The first step runs at once, in the turn of the loop that reads
// the request; mostly it is also the last. The coroutine gets an asyncio.Task only when it waits or
// when code asks for the current task.
#pragma once

#include <Python.h>

#include "http/handler.hpp"
#include "pymod/bridge/hosted_call.hpp"
#include "pymod/hotpath/arguments.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

// Answers the loan's exchange with the coroutine's result, at once or later. `side_channel` may be
// null.
http::Outcome run_coroutine(RequestLoan& loan, PyObject* coroutine, PyObject* side_channel);

// Runs what a hosted application returned. The application answers the loan's exchange itself.
// `coroutine` has the methods of a coroutine.
http::Outcome run_hosted(RequestLoan& loan, PyObject* coroutine, HostedCall& hosted);

// Like run_coroutine(), for a result that needs a coroutine first (ApplicationState::take_later()).
http::Outcome run_later(RequestLoan& loan);

}  // namespace pelton::py
