// Python objects to JSON text, appended to an Output (the connection's send buffer) or made into a
// bytes object. One writer belongs to one thread at a time and may be entered again from a
// json_default callback.
#pragma once

#include <Python.h>

#include "core/memory/output.hpp"
#include "pymod/hotpath/refs.hpp"

namespace noria::py {

struct JsonWriteOptions {
  PyObject* json_default = nullptr;  // borrowed; null or a callable
  bool nan_is_error = false;         // JSN-008
};

class JsonWriter;

// False with a Python error set (JSONEncodeError, or whatever json_default raised); `out` is then
// as long as it was before.
bool json_write(JsonWriter& writer, PyObject* value, const JsonWriteOptions& options, Output& out);

// A new bytes object, or null with a Python error set.
PyObject* json_write_bytes(JsonWriter& writer, PyObject* value, const JsonWriteOptions& options);

}  // namespace noria::py
