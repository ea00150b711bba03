// The handler behind every Python route: one exchange in, one call, one response out. A Python
// error is translated here, once; nothing of it crosses into http.
#pragma once

#include "http/handler.hpp"
#include "pymod/hotpath/application_state.hpp"

namespace noria::py {

// The route and its application outlive the handler. Called only on a thread that is attached.
http::Handler python_handler(const CompiledRoute& route);

// For requests that matched nothing, if the application registered handlers for 404 or 405; an
// empty handler if not.
http::Handler unmatched_handler(const ApplicationState& application);

}  // namespace noria::py
