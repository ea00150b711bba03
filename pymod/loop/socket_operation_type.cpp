#include "pymod/loop/socket_operation_type.hpp"

#include <sys/socket.h>

#include <cstddef>
#include <utility>

#include "pymod/hotpath/python_versions.hpp"
#include "pymod/loop/socket_address.hpp"
#include "pymod/loop/socket_operation.hpp"
#include "pymod/loop/transport_opening.hpp"

namespace pelton::py {

namespace {

using Verb = SocketOperation::Verb;
using Stage = SocketOperation::Stage;

constexpr const char* name_of[] = {"sock_recv", "sock_recv_into", "sock_sendall", "sock_accept",
                                   "sock_connect"};

SocketOperation& of(PyObject* self) {
  return *reinterpret_cast<SocketOperation*>(self);
}

template <auto function>
PyCFunction as_method() {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

PySendResult step(PyObject* self, PyObject*, PyObject** result) {
  return of(self).step(result);
}

// Raises StopIteration, as a generator does that returns the value.
PyObject* stop_iteration(OwnedRef value) {
  if (value.get() == Py_None) {
    PyErr_SetNone(PyExc_StopIteration);
  } else if (PyTuple_Check(value.get()) || PyExceptionInstance_Check(value.get())) {
    // PyErr_SetObject() would take it for the exception's arguments or for the exception itself.
    const OwnedRef error(PyObject_CallOneArg(PyExc_StopIteration, value.get()));
    if (error) PyErr_SetObject(PyExc_StopIteration, error.get());
  } else {
    PyErr_SetObject(PyExc_StopIteration, value.get());
  }
  return nullptr;
}

PyObject* send(PyObject* self, PyObject*) {
  PyObject* result = nullptr;
  switch (of(self).step(&result)) {
    case PYGEN_NEXT:
      return result;
    case PYGEN_RETURN:
      return stop_iteration(OwnedRef(result));
    case PYGEN_ERROR:
      break;
  }
  return nullptr;
}

PyObject* next(PyObject* self) {
  return send(self, Py_None);
}

PyObject* throw_in(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  if (count < 1 || count > 3) {
    PyErr_SetString(PyExc_TypeError, "throw() takes an exception");
    return nullptr;
  }
  of(self).end();
  PyObject* const type = arguments[0];
  PyObject* const value = count > 1 && arguments[1] != Py_None ? arguments[1] : nullptr;
  if (PyExceptionInstance_Check(type)) {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(type)), type);
  } else if (PyExceptionClass_Check(type)) {
    PyErr_SetObject(type, value);
  } else {
    PyErr_SetString(PyExc_TypeError, "exceptions must be classes or instances of BaseException");
  }
  return nullptr;
}

PyObject* close(PyObject* self, PyObject*) {
  of(self).end();
  Py_RETURN_NONE;
}

PyObject* itself(PyObject* self) {
  return Py_NewRef(self);
}

PyObject* get_name(PyObject* self, void*) {
  return PyUnicode_FromString(name_of[static_cast<std::size_t>(of(self).verb)]);
}

PyObject* get_qualified_name(PyObject* self, void*) {
  return PyUnicode_FromFormat("Loop.%s", name_of[static_cast<std::size_t>(of(self).verb)]);
}

PyObject* get_awaited(PyObject* self, void*) {
  PyObject* const future = of(self).future;
  return Py_NewRef(future == nullptr ? Py_None : future);
}

PyObject* get_running(PyObject*, void*) {
  Py_RETURN_FALSE;
}

PyObject* get_none(PyObject*, void*) {
  Py_RETURN_NONE;
}

// --- life ---

void finalize(PyObject* self) {
  if (of(self).stage != Stage::fresh) return;
  const OwnedRef pending(take_exception());
  if (PyErr_WarnFormat(PyExc_RuntimeWarning, 1, "coroutine 'Loop.%s' was never awaited",
                       name_of[static_cast<std::size_t>(of(self).verb)]) != 0) {
    PyErr_WriteUnraisable(self);
  }
  if (pending) {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(pending.get())), pending.get());
  }
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  SocketOperation& operation = of(self);
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(operation.loop);
  Py_VISIT(operation.socket);
  Py_VISIT(operation.address);
  Py_VISIT(operation.future);
  Py_VISIT(operation.result);
  Py_VISIT(operation.error);
  return 0;
}

int clear(PyObject* self) {
  SocketOperation& operation = of(self);
  operation.end();
  Py_CLEAR(operation.address);
  Py_CLEAR(operation.result);
  Py_CLEAR(operation.error);
  return 0;
}

void dealloc(PyObject* self) {
  if (of(self).stage == Stage::fresh && PyObject_CallFinalizerFromDealloc(self) < 0) return;
  PyObject_GC_UnTrack(self);
  clear(self);
  SocketOperation& operation = of(self);
  Py_CLEAR(operation.socket);
  const OwnedRef loop(reinterpret_cast<PyObject*>(std::exchange(operation.loop, nullptr)));
  PyTypeObject* const type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyMethodDef methods[] = {{"send", send, METH_O, nullptr},
                         {"throw", as_method<throw_in>(), METH_FASTCALL, nullptr},
                         {"close", close, METH_NOARGS, nullptr},
                         {nullptr, nullptr, 0, nullptr}};

PyGetSetDef attributes[] = {{"__name__", get_name, nullptr, nullptr, nullptr},
                            {"__qualname__", get_qualified_name, nullptr, nullptr, nullptr},
                            {"cr_await", get_awaited, nullptr, nullptr, nullptr},
                            {"cr_running", get_running, nullptr, nullptr, nullptr},
                            {"cr_frame", get_none, nullptr, nullptr, nullptr},
                            {"cr_code", get_none, nullptr, nullptr, nullptr},
                            {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyType_Slot slots[] = {{Py_tp_doc, const_cast<char*>("A call on a socket that is awaited.")},
                       {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                       {Py_tp_finalize, reinterpret_cast<void*>(finalize)},
                       {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                       {Py_tp_clear, reinterpret_cast<void*>(clear)},
                       {Py_tp_iternext, reinterpret_cast<void*>(next)},
                       {Py_am_await, reinterpret_cast<void*>(itself)},
                       {Py_am_send, reinterpret_cast<void*>(step)},
                       {Py_tp_methods, methods},
                       {Py_tp_getset, attributes},
                       {0, nullptr}};

PyType_Spec spec = {
    .name = "pelton._native.SocketOperation",
    .basicsize = sizeof(SocketOperation),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots};

// --- making one ---

// Calls asyncio's own method: for an object that is no plain socket, and in debug mode.
PyObject* of_asyncio(PyObject* loop, Verb verb, PyObject* const* arguments, Py_ssize_t count,
                     PyObject* names) {
  const OwnedRef name(
      PyUnicode_FromFormat("_%s_of_asyncio", name_of[static_cast<std::size_t>(verb)]));
  const OwnedRef method(name ? PyObject_GetAttr(loop, name.get()) : nullptr);
  return method
             ? PyObject_Vectorcall(method.get(), arguments, static_cast<std::size_t>(count), names)
             : nullptr;
}

// Null without an error: asyncio's own method must do it.
SocketOperation* new_operation(LoopObject& loop, Verb verb, PyObject* socket) {
  AsyncioParts* const asyncio = loop.types->parts();
  PyTypeObject* const type = loop.types->socket_operation();
  if (asyncio == nullptr || type == nullptr) return nullptr;
  if (loop.debug || reinterpret_cast<PyObject*>(Py_TYPE(socket)) != asyncio->socket_class.get()) {
    return nullptr;
  }
  const int descriptor = descriptor_in(socket, asyncio->names.fileno.get());
  if (descriptor < 0) return nullptr;
  PyObject* const made = type->tp_alloc(type, 0);
  if (made == nullptr) return nullptr;
  SocketOperation& operation = of(made);
  operation.head.run = SocketOperation::run;
  operation.loop = reinterpret_cast<LoopObject*>(Py_NewRef(reinterpret_cast<PyObject*>(&loop)));
  operation.socket = Py_NewRef(socket);
  operation.descriptor = descriptor;
  operation.verb = verb;
  return &operation;
}

template <Verb verb, Py_ssize_t arity>
PyObject* make(PyObject* loop_object, PyObject* const* arguments, Py_ssize_t count,
               PyObject* names) {
  LoopObject& loop = *reinterpret_cast<LoopObject*>(loop_object);
  SocketOperation* const operation =
      count == arity && names == nullptr ? new_operation(loop, verb, arguments[0]) : nullptr;
  if (operation == nullptr) {
    return PyErr_Occurred() != nullptr ? nullptr
                                       : of_asyncio(loop_object, verb, arguments, count, names);
  }
  bool fits = true;
  if constexpr (verb == Verb::receive) {
    fits = PyLong_Check(arguments[1]);
    if (fits) operation->bytes = PyLong_AsSsize_t(arguments[1]);
    fits = fits && operation->bytes >= 0;
  } else if constexpr (verb == Verb::receive_into || verb == Verb::send_all) {
    const int flags = verb == Verb::receive_into ? PyBUF_WRITABLE : PyBUF_SIMPLE;
    fits = PyObject_GetBuffer(arguments[1], &operation->view, flags) == 0;
  } else if constexpr (verb == Verb::connect) {
    int family = 0;
    fits =
        plain_member(arguments[0], loop.types->parts()->socket_family, family) &&
        ((family != AF_INET && family != AF_INET6) || SocketAddress().read(arguments[1], family));
    operation->address = Py_NewRef(arguments[1]);
  }
  if (fits) return operation->object();
  // asyncio's own method reports what is wrong, when it is awaited, and resolves names.
  PyErr_Clear();
  operation->stage = Stage::ended;
  Py_DECREF(operation->object());
  return of_asyncio(loop_object, verb, arguments, count, names);
}

}  // namespace

PyTypeObject* make_socket_operation_type() {
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

namespace socket_operations {

PyObject* sock_recv(PyObject* loop, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
  return make<Verb::receive, 2>(loop, arguments, count, names);
}

PyObject* sock_recv_into(PyObject* loop, PyObject* const* arguments, Py_ssize_t count,
                         PyObject* names) {
  return make<Verb::receive_into, 2>(loop, arguments, count, names);
}

PyObject* sock_sendall(PyObject* loop, PyObject* const* arguments, Py_ssize_t count,
                       PyObject* names) {
  return make<Verb::send_all, 2>(loop, arguments, count, names);
}

PyObject* sock_accept(PyObject* loop, PyObject* const* arguments, Py_ssize_t count,
                      PyObject* names) {
  return make<Verb::accept, 1>(loop, arguments, count, names);
}

PyObject* sock_connect(PyObject* loop, PyObject* const* arguments, Py_ssize_t count,
                       PyObject* names) {
  return make<Verb::connect, 2>(loop, arguments, count, names);
}

}  // namespace socket_operations

}  // namespace pelton::py
