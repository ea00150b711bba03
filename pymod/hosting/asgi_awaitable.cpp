#include "pymod/hosting/asgi_awaitable.hpp"

#include <new>
#include <utility>

#include "pymod/bridge/coroutine_methods.hpp"
#include "pymod/bridge/exceptions.hpp"
#include "pymod/hotpath/python_versions.hpp"

namespace pelton::py {

namespace {

class AsgiAwaitable {
 public:
  enum class Kind : std::uint8_t { done, receive, send };

  AsgiAwaitable(Kind kind, AsgiConversation* of, OwnedRef piece, bool is_last)
      : of_(of),
        of_object_(OwnedRef::share(of == nullptr ? nullptr : of->object())),
        piece_(std::move(piece)),
        kind_(kind),
        is_last_(is_last) {}

  PySendResult send(PyObject* value, PyObject** result);
  PySendResult throw_in(PyObject* exception, PyObject** result);
  PyObject* close();
  // False with an error set: what is awaited steps the awaitable itself.
  bool begin_step() {
    if (!std::exchange(running_, kind_ != Kind::done)) return true;
    PyErr_SetString(PyExc_ValueError, "coroutine already executing");
    return false;
  }
  void end_step(PySendResult kind) {
    running_ = false;
    if (kind != PYGEN_NEXT) ended_ = kind_ != Kind::done;
  }

  int traverse(visitproc visit, void* arg) const {
    Py_VISIT(of_object_.get());
    Py_VISIT(piece_.get());
    Py_VISIT(waits_.get());
    return 0;
  }
  void clear() {
    piece_ = OwnedRef();
    waits_ = OwnedRef();
  }

 private:
  PySendResult go_on(PyObject** result);
  // What the future gave; PYGEN_RETURN to go on.
  PySendResult settle(PySendResult kind, PyObject* given, PyObject** result);

  AsgiConversation* const of_;
  const OwnedRef of_object_;  // keeps it
  OwnedRef piece_;
  OwnedRef waits_;  // a future's iterator
  const Kind kind_;
  const bool is_last_;
  bool running_ = false;
  bool ended_ = false;
};

PySendResult AsgiAwaitable::send(PyObject* value, PyObject** result) {
  if (ended_) {
    PyErr_SetString(PyExc_RuntimeError, "cannot reuse already awaited coroutine");
    return PYGEN_ERROR;
  }
  if (!waits_) return go_on(result);
  const OwnedRef held = OwnedRef::share(waits_.get());
  PyObject* given = nullptr;
  const PySendResult kind = PyIter_Send(held.get(), value, &given);
  const PySendResult settled = settle(kind, given, result);
  return settled == PYGEN_RETURN ? go_on(result) : settled;
}

PySendResult AsgiAwaitable::settle(PySendResult kind, PyObject* given, PyObject** result) {
  if (kind == PYGEN_NEXT) {
    *result = given;
    return PYGEN_NEXT;
  }
  waits_ = OwnedRef();
  Py_XDECREF(given);
  return kind;
}

PySendResult AsgiAwaitable::go_on(PyObject** result) {
  while (true) {
    if (kind_ == Kind::done) {
      *result = Py_NewRef(Py_None);
      return PYGEN_RETURN;
    }
    if (kind_ == Kind::receive) {
      *result = of_->take_event().release();
      if (*result != nullptr) return PYGEN_RETURN;
      if (PyErr_Occurred() != nullptr) return PYGEN_ERROR;
    } else {
      const int sent = of_->go_on_sending(piece_, is_last_);
      if (sent < 0) return PYGEN_ERROR;
      if (sent > 0) {
        *result = Py_NewRef(Py_None);
        return PYGEN_RETURN;
      }
    }
    const OwnedRef future(of_->new_waiter());
    if (!future) return PYGEN_ERROR;
    waits_ = awaited(future.get());
    if (!waits_) return PYGEN_ERROR;
    const OwnedRef held = OwnedRef::share(waits_.get());
    PyObject* given = nullptr;
    const PySendResult kind = PyIter_Send(held.get(), Py_None, &given);
    const PySendResult settled = settle(kind, given, result);
    if (settled != PYGEN_RETURN) return settled;
  }
}

PySendResult AsgiAwaitable::throw_in(PyObject* exception, PyObject** result) {
  if (!waits_) {
    raise(exception);
    return PYGEN_ERROR;
  }
  const OwnedRef held = OwnedRef::share(waits_.get());
  PyObject* given = PyObject_CallMethod(held.get(), "throw", "(O)", exception);
  PySendResult kind = PYGEN_NEXT;
  if (given == nullptr) {
    const bool ended = PyErr_ExceptionMatches(PyExc_StopIteration) != 0;
    if (ended) given = take_stop_value();
    kind = given != nullptr ? PYGEN_RETURN : PYGEN_ERROR;
  }
  const PySendResult settled = settle(kind, given, result);
  return settled == PYGEN_RETURN ? go_on(result) : settled;
}

PyObject* AsgiAwaitable::close() {
  const OwnedRef waits = std::move(waits_);
  ended_ = kind_ != Kind::done;
  if (!waits || PyObject_HasAttrString(waits.get(), "close") == 0) Py_RETURN_NONE;
  return PyObject_CallMethod(waits.get(), "close", nullptr);
}

// --- the type ---

struct AsgiAwaitableObject {
  PyObject_HEAD AsgiAwaitable awaitable;
};

AsgiAwaitable& of(PyObject* self) {
  return reinterpret_cast<AsgiAwaitableObject*>(self)->awaitable;
}

PySendResult send_slot(PyObject* self, PyObject* value, PyObject** result) {
  const OwnedRef held = OwnedRef::share(self);
  *result = nullptr;
  if (!of(self).begin_step()) return PYGEN_ERROR;
  const PySendResult kind = of(self).send(value, result);
  of(self).end_step(kind);
  return kind;
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
  const OwnedRef exception = thrown(arguments);
  if (!exception) return nullptr;
  const OwnedRef held = OwnedRef::share(self);
  if (!of(self).begin_step()) return nullptr;
  PyObject* result = nullptr;
  const PySendResult kind = of(self).throw_in(exception.get(), &result);
  of(self).end_step(kind);
  return method_result(kind, result);
}

PyObject* close(PyObject* self, PyObject*) {
  const OwnedRef held = OwnedRef::share(self);
  if (!of(self).begin_step()) return nullptr;
  PyObject* const closed = of(self).close();
  of(self).end_step(PYGEN_RETURN);
  return closed;
}

void dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  PyTypeObject* const type = Py_TYPE(self);
  of(self).~AsgiAwaitable();
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

PyMethodDef methods[] = {{"send", send, METH_O, nullptr},
                         {"throw", throw_in, METH_VARARGS, nullptr},
                         {"close", close, METH_NOARGS, nullptr},
                         {nullptr, nullptr, 0, nullptr}};

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("What receive() and send() of an ASGI application return.")},
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
    {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(clear)},
    {Py_tp_iter, reinterpret_cast<void*>(PyObject_SelfIter)},
    {Py_tp_iternext, reinterpret_cast<void*>(next)},
    {Py_am_await, reinterpret_cast<void*>(PyObject_SelfIter)},
    {Py_am_send, reinterpret_cast<void*>(send_slot)},
    {Py_tp_methods, methods},
    {0, nullptr}};

PyType_Spec spec = {
    .name = "pelton._native.AsgiAwaitable",
    .basicsize = sizeof(AsgiAwaitableObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots};

PyObject* make(PyTypeObject* type, AsgiAwaitable::Kind kind, AsgiConversation* of, OwnedRef piece,
               bool is_last) {
  auto* const made = PyObject_GC_New(AsgiAwaitableObject, type);
  if (made == nullptr) return nullptr;
  new (&made->awaitable) AsgiAwaitable(kind, of, std::move(piece), is_last);
  PyObject_GC_Track(made);
  return reinterpret_cast<PyObject*>(made);
}

}  // namespace

PyTypeObject* make_asgi_awaitable_type() {
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

PyObject* new_asgi_done(PyTypeObject* type) {
  return make(type, AsgiAwaitable::Kind::done, nullptr, OwnedRef(), false);
}

PyObject* new_asgi_receive(PyTypeObject* type, AsgiConversation& of) {
  return make(type, AsgiAwaitable::Kind::receive, &of, OwnedRef(), false);
}

PyObject* new_asgi_send(PyTypeObject* type, AsgiConversation& of, OwnedRef piece, bool is_last) {
  return make(type, AsgiAwaitable::Kind::send, &of, std::move(piece), is_last);
}

}  // namespace pelton::py
