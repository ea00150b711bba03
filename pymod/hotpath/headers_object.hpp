// Headers: the fields of a message, names compared without case. It owns one copy of their octets
// and makes a str of a value on request. It refers to no object, so the collector does not track
// it.
#pragma once

#include <Python.h>

#include "http/message/request_head.hpp"

namespace pelton::py {

// A new reference, or null with an error set.
PyTypeObject* make_headers_type();

PyObject* make_headers(PyTypeObject* type, const http::RequestHead& head);

}  // namespace pelton::py
