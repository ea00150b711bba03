#include "pymod/hotpath/json_writer.hpp"

#include "pymod/hotpath/dict_walk.hpp"
#include "pymod/hotpath/json_encoder.hpp"
#include "pymod/hotpath/json_sink.hpp"

namespace pelton::py {
namespace {

constexpr std::size_t scratch_bytes = std::size_t{16} * 1024;

}  // namespace

JsonWriter::JsonWriter(BorrowedRef error)
    : encode_error(OwnedRef::share(error)),
      frames(depth_max),
      dict_layout_known(dict_layout_is_known()) {}

bool json_write_within(JsonWriter& writer, PyObject* value, const JsonWriteOptions& options,
                       Output& out) {
  JsonWriter other(writer.encode_error);
  return json_write(other, value, options, out);
}

PyObject* json_write_bytes(JsonWriter& writer, PyObject* value, const JsonWriteOptions& options) {
  if (writer.busy) {
    JsonWriter other(writer.encode_error);
    return json_write_bytes(other, value, options);
  }
  if (writer.scratch.empty()) writer.scratch.resize(scratch_bytes);
  writer.busy = true;
  BytesSink sink(writer.scratch);
  char* const end = json_encode(writer, value, options, sink);
  // The scratch is read before anything else may run on this writer.
  PyObject* result = end != nullptr ? sink.finish(end) : nullptr;
  writer.busy = false;
  return result;
}

}  // namespace pelton::py
