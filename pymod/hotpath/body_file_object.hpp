// BodyFile: a large body in its file, for who reads it there, and what is known of the form in it.
#pragma once

#include <Python.h>

#include <memory>
#include <string_view>

#include "http/serve/body_file.hpp"

namespace noria::py {

// A new reference, or null with an error set.
PyTypeObject* make_body_file_type();

// None for null; null with an error set.
PyObject* new_body_file(PyTypeObject* type, std::shared_ptr<const http::BodyFile> file);

// Of one, or nothing for None; as long as that lives.
std::string_view body_file_view(PyObject* object);

}  // namespace noria::py
