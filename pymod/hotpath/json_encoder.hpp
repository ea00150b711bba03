// One walk over one value on behalf of a JsonWriter: private to the writer. Containers are frames
// on the writer's stack, never calls; a Python function that runs meanwhile may change anything.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pymod/hotpath/json_sink.hpp"
#include "pymod/hotpath/json_writer.hpp"

namespace noria::py {

class JsonEncoder {
 public:
  JsonEncoder(JsonWriter& writer, const JsonWriteOptions& options, JsonSink& sink)
      : writer_(writer), options_(options), sink_(sink) {}
  JsonEncoder(const JsonEncoder&) = delete;
  JsonEncoder& operator=(const JsonEncoder&) = delete;
  ~JsonEncoder();

  // False with a Python error set.
  bool encode(PyObject* value);

 private:
  using Frame = JsonWriter::Frame;
  using Kind = JsonWriter::Kind;
  enum class Step : std::uint8_t {
    written,  // the value, or the whole container on top of the stack
    pushed,   // a container was begun and is now on top
    failed,
  };
  static Step step(bool written) { return written ? Step::written : Step::failed; }

  Step write(PyObject* value);
  Step write_by_type(PyObject* value);
  Step push(PyObject* container, Kind kind, PyObject* names = nullptr);
  void pop();

  Step walk_list();
  Step walk_tuple();
  Step walk_dict();
  Step walk_pairs();
  Step walk_fields();
  Step close(char bracket);

  bool write_string(PyObject* text);
  bool write_wide_string(PyObject* text);
  bool write_integer(PyObject* integer);
  bool write_big_integer(PyObject* integer);
  bool write_real(double value);
  bool write_literal(const char* text, std::size_t bytes);
  bool write_ascii_of(PyObject* value);
  bool write_temporal_or_uuid(PyObject* value, JsonForm form);
  bool write_key(PyObject* key);
  bool write_key_by_type(PyObject* key);
  bool write_encoded(OwnedRef octets);

  // JSONEncodeError whose message ends with the path to the value being written. A TypeError or
  // ValueError that is set becomes its cause; any other exception stays.
  bool fail(const char* problem, const char* subject = nullptr);
  OwnedRef path() const;

  JsonWriter& writer_;
  const JsonWriteOptions& options_;
  JsonSink& sink_;
};

}  // namespace noria::py
