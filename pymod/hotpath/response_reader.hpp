// Sends a handler's result as a response: exact types first, JSON straight into the connection's
// output. The table is section 6.1 of the Python surface.
#pragma once

#include <Python.h>

#include "http/serve/exchange.hpp"
#include "pymod/hotpath/application_state.hpp"

namespace pelton::py {

// False with a Python error set, or without one and with the value in
// ApplicationState::take_later(). The exchange then keeps nothing of the attempt.
bool send_result(ApplicationState& application, const Plan& plan, http::Exchange& exchange,
                 PyObject* value);

}  // namespace pelton::py
