// One walk over one value on behalf of a JsonWriter: private to the writer. Containers are frames
// on the writer's stack, never calls; a Python function that runs meanwhile may change anything.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pymod/hotpath/json_sink.hpp"
#include "pymod/hotpath/json_writer.hpp"

namespace pelton::py {

class JsonEncoder {
 public:
  JsonEncoder(JsonWriter& writer, const JsonWriteOptions& options, JsonSink& sink)
      : writer_(writer), options_(options), sink_(sink), end_(sink.end()) {}
  JsonEncoder(const JsonEncoder&) = delete;
  JsonEncoder& operator=(const JsonEncoder&) = delete;
  ~JsonEncoder() {
    if (depth_ > 0) [[unlikely]]
      pop_all();
  }

  // Returns the end of the text, or null with a Python error set.
  char* encode(PyObject* value);

 private:
  using Frame = JsonWriter::Frame;
  using Kind = JsonWriter::Kind;

  // Every function that writes takes the cursor and returns it after the written octets, with room
  // for `punctuation_bytes` more; null is a Python error. A container is only begun: depth_ has
  // grown.
  char* write(char* out, PyObject* value);
  bool write_leaf(char*& out, PyObject* value);
  char* write_by_type(char* out, PyObject* value);
  char* push(char* out, PyObject* container, Kind kind, PyObject* names = nullptr);
  char* begin(char* out, PyObject* container, Kind kind, PyObject* names = nullptr);
  void pop();
  void pop_all();

  char* walk(char* out, PyObject* container, Py_ssize_t position, Kind kind);
  char* walk_tuple(char* out);
  char* walk_pairs(char* out);
  char* walk_fields(char* out);
  char* end(char* out, char bracket);
  char* close(char* out, char bracket);

  char* write_string(char* out, PyObject* text);
  char* write_text(char* out, PyObject* text);
  char* write_special_string(char* out, const char* text, std::size_t bytes);
  char* write_utf8(char* out, const char* octets, std::size_t bytes);
  char* write_other_string(char* out, PyObject* text);
  char* write_wide_string(char* out, PyObject* text);
  char* write_integer(char* out, PyObject* integer);
  char* write_big_integer(char* out, PyObject* integer);
  char* write_real(char* out, double value);
  char* write_literal(char* out, const char* text, std::size_t bytes);
  char* write_octets(char* out, const char* text, std::size_t bytes);
  char* write_temporal_or_uuid(char* out, PyObject* value, JsonForm form);
  char* write_key(char* out, PyObject* key);
  char* write_key_by_type(char* out, PyObject* key);
  char* write_encoded(char* out, OwnedRef octets);

  // Sets JSONEncodeError, whose message ends with the path to the value being written. A TypeError
  // or ValueError that is set becomes its cause; any other exception stays.
  char* fail(const char* problem, const char* subject = nullptr);
  // Like fail(), for leaves: encode() makes the error, since a loop over leaves notes its position
  // only when it ends.
  char* refuse(const char* problem) {
    refused_ = problem;
    return nullptr;
  }
  // Makes the error that a leaf has noted, now that every frame knows its position.
  char* told(char* out) { return out == nullptr && refused_ != nullptr ? fail(refused_) : out; }
  OwnedRef path() const;

  // Room for `bytes` at `out`; null with MemoryError set.
  char* ensure(char* out, std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - out) >= bytes) [[likely]]
      return out;
    return grow(out, bytes);
  }
  char* grow(char* out, std::size_t bytes);

  Frame& top() { return writer_.frames[depth_ - 1]; }

  JsonWriter& writer_;
  const JsonWriteOptions& options_;
  JsonSink& sink_;
  char* end_;  // the sink's end
  std::size_t depth_ = 0;
  const char* refused_ = nullptr;
};

// What every writing function leaves free after the cursor: a bracket, a comma, a colon, a quote.
inline constexpr std::size_t punctuation_bytes = 8;

}  // namespace pelton::py
