// BodyFile: a large body in its file, and what is known of the form in it.
#pragma once

#include <Python.h>

#include <string_view>

#include "http/serve/exchange.hpp"

namespace pelton::py {

// A new reference, or null with an error set.
PyTypeObject* make_body_file_type();

// The BodyFile of an exchange whose body lies in a file, else None; null with an error set.
PyObject* new_body_file(PyTypeObject* type, const http::Exchange* exchange);
bool lies_in_file(const http::Exchange& exchange);

// The octets of a BodyFile, valid as long as it lives; empty for None.
std::string_view body_file_view(PyObject* object);

}  // namespace pelton::py
