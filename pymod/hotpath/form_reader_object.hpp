// FormReader: the native form parsers as Python drives them, for a whole body or one that arrives
// in pieces.
#pragma once

#include <Python.h>

#include "core/reason.hpp"
#include "http/forms/part_head.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

// A new reference, or null with an error set.
PyTypeObject* make_form_reader_type();

// The event of a part that begins: (name, is a file, file name as sent or None, file name to offer
// or None, fields). Empty with an error set.
OwnedRef part_event(const http::PartHead& head);
// (status, class, reason), None for none, or null with an error set.
PyObject* form_failure(Reason reason);

}  // namespace pelton::py
