#include "pymod/bridge/driver_object.hpp"

#include <new>
#include <utility>

#include "pymod/bridge/coroutine_methods.hpp"
#include "pymod/bridge/exceptions.hpp"
#include "pymod/hotpath/python_versions.hpp"
#include "pymod/hotpath/text.hpp"

namespace pelton::py {

namespace {

Driver& of(PyObject* self) {
  return reinterpret_cast<DriverObject*>(self)->driver;
}

// --- a coroutine ---

PySendResult send_slot(PyObject* self, PyObject* value, PyObject** result) {
  const OwnedRef held = OwnedRef::share(self);
  return of(self).send(value, result);
}

PyObject* send(PyObject* self, PyObject* value) {
  PyObject* result = nullptr;
  const PySendResult kind = send_slot(self, value, &result);
  return method_result(kind, result);
}

PyObject* next(PyObject* self) {
  return send(self, Py_None);
}

PyObject* throw_in(PyObject* self, PyObject* arguments) {
  OwnedRef exception = thrown(arguments);
  if (!exception) return nullptr;
  const OwnedRef held = OwnedRef::share(self);
  PyObject* result = nullptr;
  const PySendResult kind = of(self).throw_in(std::move(exception), &result);
  return method_result(kind, result);
}

PyObject* close(PyObject* self, PyObject*) {
  const OwnedRef held = OwnedRef::share(self);
  return of(self).close();
}

// Debuggers and reprs read attributes of the handler's own coroutine: cr_frame, cr_code,
// __qualname__...
PyObject* get_attribute(PyObject* self, PyObject* name) {
  PyObject* const own = PyObject_GenericGetAttr(self, name);
  if (own != nullptr || !PyErr_ExceptionMatches(PyExc_AttributeError)) return own;
  PyObject* const coroutine = of(self).coroutine();
  if (coroutine == nullptr) return nullptr;
  PyErr_Clear();
  return PyObject_GetAttr(coroutine, name);
}

// --- the exchange, for the package ---

PyObject* begin(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  if (count != 2) {
    PyErr_SetString(PyExc_TypeError, "begin() takes a status and fields");
    return nullptr;
  }
  if (!of(self).begin_stream(arguments[0], arguments[1])) return nullptr;
  Py_RETURN_NONE;
}

PyObject* produce(PyObject* self, PyObject* is_events) {
  of(self).produce(is_events == Py_True);
  Py_RETURN_NONE;
}

PyObject* write(PyObject* self, PyObject* data) {
  const int written = of(self).write(data);
  return written < 0 ? nullptr : PyBool_FromLong(written);
}

PyObject* writable(PyObject* self, PyObject*) {
  return of(self).wait_for_room();
}

PyObject* end(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  if (count > 1) {
    PyErr_SetString(PyExc_TypeError, "end() takes trailers");
    return nullptr;
  }
  if (!of(self).end_with(count == 0 ? nullptr : arguments[0])) return nullptr;
  Py_RETURN_NONE;
}

PyObject* cut(PyObject* self, PyObject*) {
  of(self).end_stream(false);
  Py_RETURN_NONE;
}

PyObject* stop(PyObject* self, PyObject*) {
  of(self).stop();
  Py_RETURN_NONE;
}

PyObject* hold_place(PyObject* self, PyObject*) {
  of(self).hold_place();
  Py_RETURN_NONE;
}

PyObject* leave_place(PyObject* self, PyObject*) {
  if (!of(self).leave_place()) {
    PyErr_SetString(PyExc_RuntimeError, "no place is held");
    return nullptr;
  }
  Py_RETURN_NONE;
}

PyObject* accept_websocket(PyObject* self, PyObject* arguments) {
  const char* subprotocol = nullptr;
  PyObject* fields = nullptr;
  long long message_bytes_max = -1;
  if (!PyArg_ParseTuple(arguments, "zO|L", &subprotocol, &fields, &message_bytes_max)) {
    return nullptr;
  }
  return of(self).accept_websocket(subprotocol == nullptr ? std::string_view{} : subprotocol,
                                   fields, message_bytes_max);
}

PyObject* send_file(PyObject* self, PyObject* arguments) {
  long status = 200;
  PyObject* fields = nullptr;
  PyObject* path = nullptr;
  PyObject* root = nullptr;
  PyObject* background = nullptr;
  if (!PyArg_ParseTuple(arguments, "lOSOO", &status, &fields, &path, &root, &background)) {
    return nullptr;
  }
  FileNames names{.path = bytes_view(path), .root = std::nullopt};
  if (root != Py_None) {
    if (!PyBytes_Check(root)) {
      PyErr_SetString(PyExc_TypeError, "a root is bytes, or None");
      return nullptr;
    }
    names.root = bytes_view(root);
  }
  if (!of(self).send_file(status, fields, names, background)) return nullptr;
  Py_RETURN_NONE;
}

PyObject* send_descriptor(PyObject* self, PyObject* arguments) {
  PyObject* status = nullptr;
  PyObject* fields = nullptr;
  int descriptor = -1;
  unsigned long long from = 0;
  PyObject* kept = nullptr;
  if (!PyArg_ParseTuple(arguments, "OOiKO", &status, &fields, &descriptor, &from, &kept)) {
    return nullptr;
  }
  if (!of(self).send_descriptor(status, fields, {.descriptor = descriptor, .from = from}, kept)) {
    return nullptr;
  }
  Py_RETURN_NONE;
}

PyObject* read_body(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  if (count == 0) return of(self).read_body();
  const std::size_t bytes_max = PyLong_AsSize_t(arguments[0]);
  if (PyErr_Occurred() != nullptr) return nullptr;
  return of(self).read_body(bytes_max);
}

PyObject* body_arrived(PyObject* self, PyObject*) {
  return of(self).wait_for_body();
}

PyObject* wait_disconnected(PyObject* self, PyObject*) {
  return of(self).wait_for_disconnect();
}

PyObject* get_gone(PyObject* self, void*) {
  return PyBool_FromLong(of(self).gone());
}

PyObject* get_disconnected(PyObject* self, void*) {
  return PyBool_FromLong(of(self).disconnected());
}

// --- life ---

void dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  auto* const object = reinterpret_cast<DriverObject*>(self);
  object->driver.~Driver();
  PyTypeObject* type = Py_TYPE(self);
  PyObject_GC_Del(self);
  Py_DECREF(type);
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  return of(self).traverse(visit, arg);
}

int clear(PyObject* self) {
  of(self).clear();
  return 0;
}

PyMethodDef methods[] = {
    {"send", send, METH_O, nullptr},
    {"throw", throw_in, METH_VARARGS, nullptr},
    {"close", close, METH_NOARGS, nullptr},
    {"produce", produce, METH_O,
     PyDoc_STR("From now on the task ends with the client; True: with its side, as events do.")},
    {"begin", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(begin)), METH_FASTCALL,
     PyDoc_STR("Begins a response in pieces: status, [(name, value)] as bytes.")},
    {"write", write, METH_O, PyDoc_STR("Takes a piece; False: await writable() before the next.")},
    {"writable", writable, METH_NOARGS, PyDoc_STR("A future: there is room again.")},
    {"end", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(end)), METH_FASTCALL,
     PyDoc_STR("The response is whole but for these trailers.")},
    {"cut", cut, METH_NOARGS, PyDoc_STR("The response ends, and cannot be taken for whole.")},
    {"stop", stop, METH_NOARGS,
     PyDoc_STR("Cancels the task, unless it has been and still cleans up.")},
    {"hold_place", hold_place, METH_NOARGS,
     PyDoc_STR("A thread works for the handler: its place is held until leave_place().")},
    {"leave_place", leave_place, METH_NOARGS,
     PyDoc_STR("A thread that worked for the handler has ended.")},
    {"accept_websocket", accept_websocket, METH_VARARGS,
     PyDoc_STR(
         "Answers the handshake: subprotocol or None, fields, message size; the WebSocketEnd.")},
    {"send_file", send_file, METH_VARARGS,
     PyDoc_STR("Answers with a file: status, fields, path, root or None, tasks or None.")},
    {"send_descriptor", send_descriptor, METH_VARARGS,
     PyDoc_STR(
         "Answers with an open file: status, fields, descriptor, the first octet, and what is "
         "kept until it is sent.")},
    {"read_body", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(read_body)),
     METH_FASTCALL,
     PyDoc_STR("What has come of the body, or so many octets of it; b'' at its end, None if it is "
               "to be awaited.")},
    {"body_arrived", body_arrived, METH_NOARGS, PyDoc_STR("A future: read_body() has something.")},
    {"wait_disconnected", wait_disconnected, METH_NOARGS, PyDoc_STR("A future: the client left.")},
    {nullptr, nullptr, 0, nullptr}};

PyGetSetDef attributes[] = {
    {"gone", get_gone, nullptr, PyDoc_STR("Nothing that is written will leave."), nullptr},
    {"disconnected", get_disconnected, nullptr, PyDoc_STR("The client ended its side."), nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyType_Slot slots[] = {{Py_tp_doc, const_cast<char*>("The coroutine of a handler's task.")},
                       {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                       {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                       {Py_tp_clear, reinterpret_cast<void*>(clear)},
                       {Py_tp_getattro, reinterpret_cast<void*>(get_attribute)},
                       {Py_tp_iternext, reinterpret_cast<void*>(next)},
                       {Py_am_await, reinterpret_cast<void*>(PyObject_SelfIter)},
                       {Py_am_send, reinterpret_cast<void*>(send_slot)},
                       {Py_tp_methods, methods},
                       {Py_tp_getset, attributes},
                       {0, nullptr}};

PyType_Spec spec = {
    .name = "pelton._native.HandlerCoroutine",
    .basicsize = sizeof(DriverObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots};

}  // namespace

PyTypeObject* make_driver_type() {
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

DriverObject* new_driver(PyTypeObject* type, RequestLoan& loan, OwnedRef coroutine,
                         OwnedRef side_channel, HostedCall* hosted) {
  DriverObject* const made = PyObject_GC_New(DriverObject, type);
  if (made == nullptr) return nullptr;
  new (&made->driver) Driver(reinterpret_cast<PyObject*>(made), loan, std::move(coroutine),
                             std::move(side_channel), hosted);
  PyObject_GC_Track(made);
  return made;
}

}  // namespace pelton::py
