#include "pymod/hotpath/json_writer.hpp"

#include "pymod/hotpath/json_encoder.hpp"
#include "pymod/hotpath/json_sink.hpp"

namespace noria::py {
namespace {

constexpr std::size_t scratch_bytes = std::size_t{64} * 1024;

}  // namespace

JsonWriter::JsonWriter(BorrowedRef encode_error) : encode_error_(OwnedRef::share(encode_error)) {}

bool json_write(JsonWriter& writer, PyObject* value, const JsonWriteOptions& options, Output& out) {
  if (writer.busy_) {
    JsonWriter other(writer.encode_error_);
    return json_write(other, value, options, out);
  }
  writer.busy_ = true;
  OutputSink sink(out);
  const bool written = JsonEncoder(writer, options, sink).encode(value);
  writer.busy_ = false;
  if (written) {
    sink.commit();
  } else {
    sink.roll_back();
  }
  return written;
}

PyObject* json_write_bytes(JsonWriter& writer, PyObject* value, const JsonWriteOptions& options) {
  if (writer.busy_) {
    JsonWriter other(writer.encode_error_);
    return json_write_bytes(other, value, options);
  }
  if (writer.scratch_.empty()) writer.scratch_.resize(scratch_bytes);
  writer.busy_ = true;
  BytesSink sink(writer.scratch_);
  const bool written = JsonEncoder(writer, options, sink).encode(value);
  // The scratch is read before anything else may run on this writer.
  PyObject* result = written ? sink.finish() : nullptr;
  writer.busy_ = false;
  return result;
}

}  // namespace noria::py
