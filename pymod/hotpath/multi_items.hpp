// What Headers and MultiDict have in common: a few pairs in wire order, looked up by walking them.
// Walking beats hashing at the handful of pairs a request has, and their number is bounded
// (URL-005, LIM-005, LIM-040).
#pragma once

#include <Python.h>

#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

// The pairs of one of the two types, as Python objects: a new list of 2-tuples, or null.
using PairsOf = PyObject* (*)(PyObject* self);
enum class Wins : bool { first, last };

// The distinct keys and the winning values: a new dict, or null with an error set. With
// `lower_case` the keys are folded.
PyObject* winners(PyObject* self, PairsOf pairs_of, Wins wins, bool lower_case);

// The arguments of get(key, default=None), by position or by name; borrowed.
struct GetArguments {
  PyObject* key = nullptr;
  PyObject* otherwise = Py_None;

  // Reads the arguments of a vectorcall; false with an error set.
  bool read(PyObject* const* arguments, Py_ssize_t count, PyObject* names);
};

// Calls a method without arguments. The name is interned: the interpreter's look-up cache would
// keep a new str of each call.
PyObject* call_method(PyObject* object, const char* name);

// The pairs of a mapping, including all of a multi-dict; an object that is no mapping is returned.
// A new reference, or null with an error set.
PyObject* all_pairs(PyObject* given);

// Equality with its own type (same pairs in the same order) or with a dict (same winners).
PyObject* compare_multi(PyObject* self, PyObject* other, int operation, PairsOf pairs_of, Wins wins,
                        bool lower_case);

}  // namespace pelton::py
