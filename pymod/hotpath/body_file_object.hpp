// BodyFile: a large body in its file, for who reads it there, and what is known of the form in it.
#pragma once

#include <Python.h>

#include <string_view>

#include "http/serve/exchange.hpp"

namespace pelton::py {

// A new reference, or null with an error set.
PyTypeObject* make_body_file_type();

// Of an exchange whose body lies in a file, else None; null with an error set.
PyObject* new_body_file(PyTypeObject* type, const http::Exchange* exchange);
bool lies_in_file(const http::Exchange& exchange);

// Of one, or nothing for None; as long as that lives.
std::string_view body_file_view(PyObject* object);

}  // namespace pelton::py
