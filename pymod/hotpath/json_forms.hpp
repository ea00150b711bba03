// The JSON texts of scalar types beyond JSON's own: dates, times, durations, UUIDs. The forms are
// those of msgspec and pydantic 2.
#pragma once

#include <Python.h>

#include <cstddef>

namespace noria::py {

inline constexpr std::size_t form_bytes_max = 64;

enum class Form : unsigned char { none, failed, written };

// Loads the datetime C API for this process; false with a Python error set.
bool load_datetime();

// Writes a datetime, date, time or timedelta without quotes and moves `out` behind it; none when
// the value is of another type. load_datetime() was called.
Form write_temporal(char*& out, PyObject* value);

// Writes the 36 characters of a uuid.UUID; false with a Python error set.
bool write_uuid(char*& out, PyObject* uuid);

}  // namespace noria::py
