#include "pymod/hotpath/json_writer.hpp"

#include "pymod/hotpath/dict_walk.hpp"
#include "pymod/hotpath/json_encoder.hpp"
#include "pymod/hotpath/json_sink.hpp"

namespace noria::py {
namespace {

constexpr std::size_t scratch_bytes = std::size_t{16} * 1024;

}  // namespace

JsonWriter::JsonWriter(BorrowedRef encode_error)
    : encode_error_(OwnedRef::share(encode_error)),
      frames_(depth_max),
      dict_layout_known_(dict_layout_is_known()) {}

bool json_write(JsonWriter& writer, PyObject* value, const JsonWriteOptions& options, Output& out) {
  if (writer.busy_) {
    JsonWriter other(writer.encode_error_);
    return json_write(other, value, options, out);
  }
  writer.busy_ = true;
  OutputSink sink(out);
  char* const end = JsonEncoder(writer, options, sink).encode(value);
  writer.busy_ = false;
  if (end != nullptr) {
    sink.finish(end);
  } else {
    sink.abandon();
  }
  return end != nullptr;
}

PyObject* json_write_bytes(JsonWriter& writer, PyObject* value, const JsonWriteOptions& options) {
  if (writer.busy_) {
    JsonWriter other(writer.encode_error_);
    return json_write_bytes(other, value, options);
  }
  if (writer.scratch_.empty()) writer.scratch_.resize(scratch_bytes);
  writer.busy_ = true;
  BytesSink sink(writer.scratch_);
  char* const end = JsonEncoder(writer, options, sink).encode(value);
  // The scratch is read before anything else may run on this writer.
  PyObject* result = end != nullptr ? sink.finish(end) : nullptr;
  writer.busy_ = false;
  return result;
}

}  // namespace noria::py
