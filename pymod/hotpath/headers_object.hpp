// Headers: the fields of a message, names compared without case. It owns one copy of the octets
// they stand in and makes text of a value when it is asked for; a leaf, unknown to the collector.
#pragma once

#include <Python.h>

#include <string_view>

#include "http/message/request_head.hpp"

namespace noria::py {

// A new reference, or null with an error set.
PyTypeObject* make_headers_type();

PyObject* make_headers(PyTypeObject* type, const http::RequestHead& head);

// Whether two field names are the same, letters of either case alike.
bool same_name(std::string_view left, std::string_view right);

}  // namespace noria::py
