// Values of a message as Python objects, for the request and for single arguments alike.
#pragma once

#include <Python.h>

#include <cstddef>

#include "http/message/request_head.hpp"
#include "http/routing/match.hpp"
#include "pymod/hotpath/hot_state.hpp"

namespace pelton::py {

// The value of a path parameter as its converter reads it; null with an error set.
PyObject* path_value(HotState& hot, const http::PathValue& value);

// The cookies of a message as a new dict, or null with an error set; `too_many` reports LIM-042.
PyObject* make_cookies(const http::RequestHead& head, std::size_t cookies_max, bool& too_many);

}  // namespace pelton::py
