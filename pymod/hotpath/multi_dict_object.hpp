// MultiDict: the decoded fields of a query. Immutable, its own memory, only str inside: no cycle
// can pass through it, so the collector never sees it.
#pragma once

#include <Python.h>

#include <cstddef>
#include <string_view>

namespace pelton::py {

// A new reference, or null with an error set.
PyTypeObject* make_multi_dict_type();

// The pairs of a raw query. More than `fields_max` of them: null, no error set, `too_many` true.
PyObject* make_multi_dict(PyTypeObject* type, std::string_view query, std::size_t fields_max,
                          bool& too_many);

}  // namespace pelton::py
