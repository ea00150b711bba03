#include "pymod/hotpath/hot_state.hpp"

#include <structmember.h>

#include <memory>

#include "pymod/hotpath/body_file_object.hpp"
#include "pymod/hotpath/headers_object.hpp"
#include "pymod/hotpath/multi_dict_object.hpp"
#include "pymod/hotpath/request_object.hpp"

namespace pelton::py {

namespace {

// The offset of one slot of a type with __slots__; -1 with an error set.
Py_ssize_t slot_offset(PyTypeObject* type, const char* name) {
  const OwnedRef descriptor(PyObject_GetAttrString(reinterpret_cast<PyObject*>(type), name));
  if (!descriptor) return -1;
  if (!Py_IS_TYPE(descriptor.get(), &PyMemberDescr_Type)) {
    PyErr_Format(PyExc_TypeError, "%s.%s is no slot", type->tp_name, name);
    return -1;
  }
  return reinterpret_cast<PyMemberDescrObject*>(descriptor.get())->d_member->offset;
}

}  // namespace

HotState::HotState(BorrowedRef decode, BorrowedRef encode)
    : decode_error(OwnedRef::share(decode)),
      encode_error(OwnedRef::share(encode)),
      json_reader(decode),
      json_writer(encode) {}

HotState::~HotState() {
  while (RequestObject* dead = dead_requests.take()) free_request(dead);
}

HotState* HotState::make(BorrowedRef decode_error, BorrowedRef encode_error) {
  std::unique_ptr<HotState> state(new HotState(decode_error, encode_error));
  if (!state->names.make()) return nullptr;
  state->request_type_ = OwnedRef(reinterpret_cast<PyObject*>(make_request_type()));
  state->headers_type_ = OwnedRef(reinterpret_cast<PyObject*>(make_headers_type()));
  state->multi_dict_type_ = OwnedRef(reinterpret_cast<PyObject*>(make_multi_dict_type()));
  state->body_file_type_ = OwnedRef(reinterpret_cast<PyObject*>(make_body_file_type()));
  if (!state->request_type_ || !state->headers_type_ || !state->multi_dict_type_ ||
      !state->body_file_type_) {
    return nullptr;
  }
  return state.release();
}

PyObject* HotState::uuid_type() {
  if (!uuid_type_) {
    const OwnedRef module(PyImport_ImportModule("uuid"));
    if (module) uuid_type_ = OwnedRef(PyObject_GetAttrString(module.get(), "UUID"));
  }
  return uuid_type_.get();
}

bool HotState::register_response(PyTypeObject* type) {
  const Py_ssize_t status = slot_offset(type, "_status");
  const Py_ssize_t body = status < 0 ? -1 : slot_offset(type, "_body");
  const Py_ssize_t fields = body < 0 ? -1 : slot_offset(type, "_fields");
  const Py_ssize_t background = fields < 0 ? -1 : slot_offset(type, "_background");
  const Py_ssize_t trailers = background < 0 ? -1 : slot_offset(type, "_trailers");
  if (trailers < 0) return false;
  response.type = OwnedRef::share(reinterpret_cast<PyObject*>(type));
  response.status = status;
  response.body = body;
  response.fields = fields;
  response.background = background;
  response.trailers = trailers;
  return true;
}

}  // namespace pelton::py
