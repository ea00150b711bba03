// The JSON texts of scalar types beyond JSON's own: dates, times, durations, UUIDs. The forms are
// those of msgspec and pydantic 2.
#pragma once

#include <Python.h>

#include <cstddef>

namespace pelton::py {

inline constexpr std::size_t form_bytes_max = 64;

// Whether values of this type are what write_temporal() writes. Compares with the interpreter's own
// types: tests may replace those in the datetime module for a while.
bool is_temporal(PyTypeObject* type);

// Writes a datetime, date, time or timedelta without quotes and moves `out` past it; false with a
// Python error set. is_temporal() was true of its type.
bool write_temporal(char*& out, PyObject* value);

// Writes the 36 characters of a uuid.UUID; false with a Python error set.
bool write_uuid(char*& out, PyObject* uuid);

}  // namespace pelton::py
