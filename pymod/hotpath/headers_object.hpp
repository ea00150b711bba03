// Headers: the fields of a message, names compared without case. It owns one copy of the octets
// they stand in and makes text of a value when it is asked for; a leaf, unknown to the collector.
#pragma once

#include <Python.h>

#include "http/message/request_head.hpp"

namespace pelton::py {

// A new reference, or null with an error set.
PyTypeObject* make_headers_type();

PyObject* make_headers(PyTypeObject* type, const http::RequestHead& head);

}  // namespace pelton::py
