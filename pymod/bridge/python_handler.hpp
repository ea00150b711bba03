// The handler behind every Python route: one exchange in, one call, one response out. Python errors
// are translated only here; none reaches http.
#pragma once

#include "http/handler.hpp"
#include "pymod/hotpath/application_state.hpp"
#include "pymod/hotpath/arguments.hpp"

namespace pelton::py {

// Whether an application is served itself or mounted in another one.
enum class Place : bool { served, mounted };

// The route and its application outlive the handler. Called only on a thread that is attached to
// the interpreter.
http::Handler python_handler(const CompiledRoute& route, Place place = Place::served);

// For requests that matched nothing, if the application has handlers for 404 or 405 or middleware;
// an empty handler if not.
http::Handler unmatched_handler(const ApplicationState& application, Place place = Place::served);
// Whether middleware also sees all other answers that the server gives without a route.
bool takes_all_unmatched(const ApplicationState& application);

// Answers with a handler's result; if it is null, answers the error that is set. `side_channel` may
// be null.
http::Outcome answer_result(RequestLoan& loan, const OwnedRef& result, PyObject* side_channel);
http::Outcome answer_raised(RequestLoan& loan);

}  // namespace pelton::py
