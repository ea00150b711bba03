// Python objects to JSON text, appended to an Output (the connection's send buffer) or made into a
// bytes object. One writer belongs to one thread at a time and may be entered again from a
// json_default callback.
#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/memory/output.hpp"
#include "pymod/hotpath/json_sink.hpp"
#include "pymod/hotpath/json_types.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

struct JsonWriteOptions {
  PyObject* json_default = nullptr;  // borrowed; null or a callable
  bool nan_is_error = false;         // JSN-008
};

// What a writer keeps between values. Its owner only constructs it; the encoder uses the members.
struct JsonWriter {
  enum class Kind : std::uint8_t { list, tuple, dict, pairs, fields };

  // A container that is being written.
  struct Frame {
    PyObject* container;  // owned
    PyObject* names;      // owned; of Kind::fields, the attributes in order
    Py_ssize_t position;
    Kind kind;
  };

  static constexpr std::size_t depth_max = 1024;

  // `encode_error` is the module's JSONEncodeError; the writer keeps it alive.
  explicit JsonWriter(BorrowedRef encode_error);
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  OwnedRef encode_error;
  JsonTypes types;
  std::vector<Frame> frames;  // depth_max of them, of which the encoder counts those in use
  std::vector<char> scratch;
  const bool dict_layout_known;
  bool busy = false;
};

// False with a Python error set (JSONEncodeError, or the exception of json_default); `out` then has
// its old length.
inline bool json_write(JsonWriter& writer, PyObject* value, const JsonWriteOptions& options,
                       Output& out);

// A new bytes object, or null with a Python error set.
PyObject* json_write_bytes(JsonWriter& writer, PyObject* value, const JsonWriteOptions& options);

// json_write() within a json_default callback: with another writer.
bool json_write_within(JsonWriter& writer, PyObject* value, const JsonWriteOptions& options,
                       Output& out);
// Returns the end of the text in the sink, or null with a Python error set.
char* json_encode(JsonWriter& writer, PyObject* value, const JsonWriteOptions& options,
                  JsonSink& sink);

inline bool json_write(JsonWriter& writer, PyObject* value, const JsonWriteOptions& options,
                       Output& out) {
  if (writer.busy) [[unlikely]]
    return json_write_within(writer, value, options, out);
  writer.busy = true;
  OutputSink sink(out);
  char* const end = json_encode(writer, value, options, sink);
  writer.busy = false;
  if (end == nullptr) [[unlikely]] {
    sink.abandon();
    return false;
  }
  sink.finish(end);
  return true;
}

}  // namespace pelton::py
