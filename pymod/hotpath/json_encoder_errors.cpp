// The errors of JsonEncoder for a value that cannot be written, with the path to that value.
#include <utility>

#include "pymod/hotpath/json_encoder.hpp"
#include "pymod/hotpath/python_versions.hpp"

namespace pelton::py {

char* JsonEncoder::fail(const char* problem, const char* subject) {
  OwnedRef cause;
  if (PyErr_Occurred() != nullptr) {
    if (!PyErr_ExceptionMatches(PyExc_TypeError) && !PyErr_ExceptionMatches(PyExc_ValueError)) {
      return nullptr;
    }
    cause = OwnedRef(take_exception());
  }
  const OwnedRef where = path();
  if (!where) return nullptr;
  const OwnedRef message(subject != nullptr
                             ? PyUnicode_FromFormat("%s %s at %U", subject, problem, where.get())
                             : PyUnicode_FromFormat("%s at %U", problem, where.get()));
  if (!message) return nullptr;
  const OwnedRef error(PyObject_CallOneArg(writer_.encode_error.get(), message.get()));
  if (!error) return nullptr;
  if (cause) PyException_SetCause(error.get(), cause.release());
  PyErr_SetObject(writer_.encode_error.get(), error.get());
  return nullptr;
}

namespace {

// .name, or ["any text"] for a key that is no identifier.
OwnedRef key_step(PyObject* key) {
  if (PyUnicode_Check(key) && PyUnicode_IsIdentifier(key) == 1) {
    return OwnedRef(PyUnicode_FromFormat(".%U", key));
  }
  const OwnedRef shown(PyObject_Repr(key));
  return OwnedRef(shown ? PyUnicode_FromFormat("[%U]", shown.get()) : nullptr);
}

// The key that PyDict_Next gave when it set `position`; null if the dict has changed.
PyObject* key_before(PyObject* dict, Py_ssize_t position) {
  Py_ssize_t at = 0;
  PyObject* key = nullptr;
  while (PyDict_Next(dict, &at, &key, nullptr)) {
    if (at == position) return key;
  }
  return nullptr;
}

}  // namespace

OwnedRef JsonEncoder::path() const {
  OwnedRef parts(PyList_New(0));
  OwnedRef first(PyUnicode_FromString("$"));
  if (!parts || !first || PyList_Append(parts.get(), first.get()) != 0) return {};
  // The stack does not change, but a repr() may change the containers on it.
  for (std::size_t level = 0; level < depth_; ++level) {
    const Frame& frame = writer_.frames[level];
    const Py_ssize_t index = frame.position - 1;
    if (index < 0) break;
    OwnedRef key;
    OwnedRef part;
    switch (frame.kind) {
      case Kind::list:
      case Kind::tuple:
        part = OwnedRef(PyUnicode_FromFormat("[%zd]", index));
        break;
      case Kind::fields:
        key = OwnedRef::share(PyTuple_GET_ITEM(frame.names, index));
        break;
      case Kind::dict:
        key = OwnedRef::share(key_before(frame.container, frame.position));
        break;
      case Kind::pairs:
        if (index < PyList_GET_SIZE(frame.container)) {
          PyObject* const pair = PyList_GET_ITEM(frame.container, index);
          if (PyTuple_Check(pair) && PyTuple_GET_SIZE(pair) == 2) {
            key = OwnedRef::share(PyTuple_GET_ITEM(pair, 0));
          }
        }
        break;
    }
    if (key) {
      part = key_step(key.get());
      if (!part) PyErr_Clear();
    }
    if (!part) part = OwnedRef(PyUnicode_FromString("[?]"));
    if (!part || PyList_Append(parts.get(), part.get()) != 0) return {};
  }
  const OwnedRef nothing(PyUnicode_New(0, 0));
  return OwnedRef(nothing ? PyUnicode_Join(nothing.get(), parts.get()) : nullptr);
}

}  // namespace pelton::py
