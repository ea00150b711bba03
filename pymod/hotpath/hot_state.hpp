// What every request of one interpreter shares: types, interned names, free lists, the JSON codec.
// It belongs to the module and is used only with the interpreter lock held.
#pragma once

#include <Python.h>

#include <cstddef>
#include <utility>

#include "pymod/hotpath/free_list.hpp"
#include "pymod/hotpath/interned.hpp"
#include "pymod/hotpath/json_reader.hpp"
#include "pymod/hotpath/json_types.hpp"
#include "pymod/hotpath/json_writer.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

struct RequestObject;

// The offsets of pelton.Response's slots, so that they are read without a look-up.
struct ResponseLayout {
  OwnedRef type;
  Py_ssize_t status = 0;
  Py_ssize_t body = 0;
  Py_ssize_t fields = 0;
  Py_ssize_t background = 0;
  Py_ssize_t trailers = 0;

  bool is_response(PyObject* value) const {
    return type && PyObject_TypeCheck(value, reinterpret_cast<PyTypeObject*>(type.get()));
  }
};

class HotState {
 public:
  // Null with a Python error set.
  static HotState* make(BorrowedRef decode_error, BorrowedRef encode_error);
  HotState(const HotState&) = delete;
  HotState& operator=(const HotState&) = delete;
  ~HotState();

  PyTypeObject* request_type() const {
    return reinterpret_cast<PyTypeObject*>(request_type_.get());
  }
  PyTypeObject* headers_type() const {
    return reinterpret_cast<PyTypeObject*>(headers_type_.get());
  }
  PyTypeObject* body_file_type() const {
    return reinterpret_cast<PyTypeObject*>(body_file_type_.get());
  }
  PyTypeObject* multi_dict_type() const {
    return reinterpret_cast<PyTypeObject*>(multi_dict_type_.get());
  }
  // Set by the bridge, which knows exchanges and event loops.
  PyTypeObject* driver_type() const { return reinterpret_cast<PyTypeObject*>(driver_type_.get()); }
  void set_driver_type(OwnedRef type) { driver_type_ = std::move(type); }
  PyTypeObject* websocket_type() const {
    return reinterpret_cast<PyTypeObject*>(websocket_type_.get());
  }
  void set_websocket_type(OwnedRef type) { websocket_type_ = std::move(type); }
  // uuid.UUID, imported when a route first needs it; borrowed, null with an error set.
  PyObject* uuid_type();
  // Reads the slots of a type like pelton.Response; false with an error set.
  bool register_response(PyTypeObject* type);

  Interned names;
  ResponseLayout response;
  OwnedRef decode_error;
  OwnedRef encode_error;
  JsonReader json_reader;
  JsonWriter json_writer;
  // Which results are JSON by their type.
  JsonTypes json_types;
  // One request is alive at a time unless handlers keep theirs.
  FreeList<RequestObject, 64> dead_requests;

 private:
  HotState(BorrowedRef decode, BorrowedRef encode);

  OwnedRef request_type_;
  OwnedRef headers_type_;
  OwnedRef multi_dict_type_;
  OwnedRef body_file_type_;
  OwnedRef uuid_type_;
  OwnedRef driver_type_;
  OwnedRef websocket_type_;
};

}  // namespace pelton::py
