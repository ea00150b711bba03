#include "pymod/loop/stream_feed.hpp"

#include <cstring>
#include <utility>

#include "pymod/hotpath/python_versions.hpp"
#include "pymod/loop/stream_transport.hpp"

namespace pelton::py {

namespace {

// Whether instances of the class get this very object by this name.
bool inherits(PyTypeObject* type, const OwnedRef& name, const OwnedRef& function) {
  const OwnedRef found(PyObject_GetAttr(reinterpret_cast<PyObject*>(type), name.get()));
  if (!found) PyErr_Clear();
  return found.get() == function.get();
}

bool is_own_method(PyObject* owner, const OwnedRef& name, const OwnedRef& function) {
  const OwnedRef method(PyObject_GetAttr(owner, name.get()));
  if (!method) PyErr_Clear();
  return method && PyMethod_Check(method.get()) &&
         PyMethod_Function(method.get()) == function.get();
}

PyTypeObject* type_in(const OwnedRef& type) {
  return reinterpret_cast<PyTypeObject*>(type.get());
}

bool append(PyObject* buffer, std::span<const char> octets) {
  const Py_ssize_t before = PyByteArray_GET_SIZE(buffer);
  if (PyByteArray_Resize(buffer, before + static_cast<Py_ssize_t>(octets.size())) != 0)
    return false;
  std::memcpy(PyByteArray_AS_STRING(buffer) + before, octets.data(), octets.size());
  return true;
}

// Pauses reading if more than twice the reader's limit is buffered. False with an error set.
bool pause_at_limit(PyObject* reader, Py_ssize_t buffered, const AsyncioParts::Names& names) {
  const OwnedRef limit(PyObject_GetAttr(reader, names.limit.get()));
  std::int64_t limit_bytes = 0;
  if (!limit) return false;
  if (PyLong_CheckExact(limit.get()) && small_integer(limit.get(), limit_bytes)) {
    if (buffered <= 2 * limit_bytes) return true;
  } else {
    const double wide = PyFloat_AsDouble(limit.get());
    if (wide == -1 && PyErr_Occurred() != nullptr) return false;
    if (static_cast<double>(buffered) <= 2 * wide) return true;
  }
  const OwnedRef transport(PyObject_GetAttr(reader, names.transport.get()));
  const OwnedRef paused(transport ? PyObject_GetAttr(reader, names.paused.get()) : nullptr);
  if (!paused) return false;
  if (transport.get() == Py_None || paused.get() != Py_False) return true;
  if (OwnedRef(PyObject_CallMethod(transport.get(), "pause_reading", nullptr))) {
    return PyObject_SetAttr(reader, names.paused.get(), Py_True) == 0;
  }
  if (PyErr_ExceptionMatches(PyExc_NotImplementedError) == 0) return false;
  PyErr_Clear();
  return PyObject_SetAttr(reader, names.transport.get(), Py_None) == 0;
}

bool wake_reader(PyObject* reader, const AsyncioParts::Names& names) {
  const OwnedRef waiter(PyObject_GetAttr(reader, names.waiter.get()));
  if (!waiter || waiter.get() == Py_None) return static_cast<bool>(waiter);
  if (PyObject_SetAttr(reader, names.waiter.get(), Py_None) != 0) return false;
  const OwnedRef cancelled(call_method(waiter.get(), names.cancelled));
  if (!cancelled) return false;
  return cancelled.get() == Py_True ||
         OwnedRef(call_method(waiter.get(), names.set_result, Py_None));
}

}  // namespace

void prepare_feed(StreamTransport& transport) {
  AsyncioParts& asyncio = transport.parts();
  transport.feeds_protocol = 0;
  PyTypeObject* const protocol = Py_TYPE(transport.protocol);
  PyTypeObject* const reader = type_in(asyncio.reader_class);
  const AsyncioParts::Names& names = asyncio.names;
  if (PyType_IsSubtype(protocol, type_in(asyncio.reader_protocol_class)) == 0) return;
  const bool usual =
      inherits(protocol, names.reader_property, asyncio.reader_property) &&
      inherits(reader, names.feed_data, asyncio.feed_data_function) &&
      inherits(reader, names.wakeup_waiter, asyncio.wakeup_waiter_function) &&
      is_own_method(transport.protocol, names.data_received, asyncio.data_received_function);
  if (!usual) return;
  transport.feeds_protocol = type_version(protocol);
  transport.feeds_reader = type_version(reader);
}

Fed feed_stream(StreamTransport& transport, std::span<const char> octets) {
  AsyncioParts& asyncio = transport.parts();
  const AsyncioParts::Names& names = asyncio.names;
  PyTypeObject* const reader_class = type_in(asyncio.reader_class);
  // Required: neither class has changed since, and the reader has no method of its own.
  if (type_version(Py_TYPE(transport.protocol)) != transport.feeds_protocol ||
      type_version(reader_class) != transport.feeds_reader) {
    prepare_feed(transport);
    return Fed::cannot;
  }
  const OwnedRef weak(PyObject_GetAttr(transport.protocol, names.reader.get()));
  if (!weak || !PyWeakref_CheckRef(weak.get())) {
    PyErr_Clear();
    return Fed::cannot;
  }
  const OwnedRef reader(referent(weak.get()));
  if (!reader || Py_TYPE(reader.get()) != reader_class ||
      !is_own_method(reader.get(), names.feed_data, asyncio.feed_data_function)) {
    return Fed::cannot;
  }
  const OwnedRef eof(PyObject_GetAttr(reader.get(), names.eof.get()));
  const OwnedRef buffer(eof ? PyObject_GetAttr(reader.get(), names.buffer.get()) : nullptr);
  if (!buffer || eof.get() != Py_False || !PyByteArray_CheckExact(buffer.get())) {
    PyErr_Clear();
    return Fed::cannot;
  }
  if (!append(buffer.get(), octets) || !wake_reader(reader.get(), names)) return Fed::failed;
  const Py_ssize_t buffered = PyByteArray_GET_SIZE(buffer.get());
  return pause_at_limit(reader.get(), buffered, names) ? Fed::done : Fed::failed;
}

}  // namespace pelton::py
