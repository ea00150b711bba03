// FormReader: the native form parsers as Python drives them, for a body that lies there whole and
// for one that arrives.
#pragma once

#include <Python.h>

namespace noria::py {

// A new reference, or null with an error set.
PyTypeObject* make_form_reader_type();

}  // namespace noria::py
