// The JSON texts of scalar types beyond JSON's own: dates, times, durations, UUIDs. The forms are
// those of msgspec and pydantic 2.
#pragma once

#include <Python.h>

#include <cstddef>

namespace noria::py {

inline constexpr std::size_t form_bytes_max = 64;

// Loads the datetime C API for this process; false with a Python error set.
bool load_datetime();

// Writes a datetime, date, time or timedelta without quotes and moves `out` behind it; false with a
// Python error set. load_datetime() was called.
bool write_temporal(char*& out, PyObject* value);

// Writes the 36 characters of a uuid.UUID; false with a Python error set.
bool write_uuid(char*& out, PyObject* uuid);

}  // namespace noria::py
