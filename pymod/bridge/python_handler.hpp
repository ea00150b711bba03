// The handler behind every Python route: one exchange in, one call, one response out. A Python
// error is translated here, once; nothing of it crosses into http.
#pragma once

#include "http/handler.hpp"
#include "pymod/hotpath/application_state.hpp"
#include "pymod/hotpath/arguments.hpp"

namespace pelton::py {

// Where an application is: served itself, or below another one.
enum class Place : bool { served, mounted };

// The route and its application outlive the handler. Called only on a thread that is attached.
http::Handler python_handler(const CompiledRoute& route, Place place = Place::served);

// For requests that matched nothing, if the application has handlers for 404 or 405 or middleware;
// an empty handler if not.
http::Handler unmatched_handler(const ApplicationState& application, Place place = Place::served);
// Whether middleware sees what else the server answers without a route.
bool takes_all_unmatched(const ApplicationState& application);

// Answers with what a handler returned, or if that is null with the answer to the error that is
// set. `side_channel` may be null.
http::Outcome answer_result(RequestLoan& loan, const OwnedRef& result, PyObject* side_channel);
http::Outcome answer_raised(RequestLoan& loan);

}  // namespace pelton::py
