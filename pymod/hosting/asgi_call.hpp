// The Python object of one call of an ASGI application, and the functions that the call gets.
#pragma once

#include <Python.h>

#include <new>
#include <utility>

#include "pymod/hosting/asgi_exchange.hpp"

namespace pelton::py {

struct AsgiCall {
  OwnedRef object;
  AsgiExchange* exchange = nullptr;
  OwnedRef receive;
  OwnedRef send;
};

// The object contains an AsgiExchange or what is derived from it.
template <class Exchange>
class AsgiCallType {
 public:
  // A new reference, or null with an error set.
  static PyTypeObject* make() {
    static PyType_Slot slots[] = {
        {Py_tp_doc, const_cast<char*>("The call of an ASGI application.")},
        {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
        {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
        {Py_tp_clear, reinterpret_cast<void*>(clear)},
        {0, nullptr}};
    static PyType_Spec spec = {
        .name = Exchange::type_name,
        .basicsize = sizeof(Object),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
        .slots = slots};
    return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  }

  // False with an error set.
  static bool call(PyTypeObject* type, AsgiApplication& host, RequestLoan& loan, OwnedRef scope,
                   AsgiCall& made) {
    static PyMethodDef receive_method = {"receive", receive, METH_NOARGS,
                                         PyDoc_STR("An awaitable of the next event.")};
    static PyMethodDef send_method = {"send", send, METH_O,
                                      PyDoc_STR("Sends an event; an awaitable.")};
    auto* const object = PyObject_GC_New(Object, type);
    if (object == nullptr) return false;
    auto* const self = reinterpret_cast<PyObject*>(object);
    new (&object->exchange) Exchange(self, host, loan, std::move(scope));
    PyObject_GC_Track(self);
    made.object = OwnedRef(self);
    made.exchange = &object->exchange;
    made.receive = OwnedRef(PyCFunction_New(&receive_method, self));
    made.send = OwnedRef(PyCFunction_New(&send_method, self));
    return made.receive && made.send;
  }

 private:
  struct Object {
    PyObject_HEAD Exchange exchange;
  };

  static Exchange& of(PyObject* self) { return reinterpret_cast<Object*>(self)->exchange; }

  static PyObject* receive(PyObject* self, PyObject*) { return of(self).receive(); }
  static PyObject* send(PyObject* self, PyObject* event) {
    const OwnedRef held = OwnedRef::share(self);
    return of(self).AsgiExchange::send(event);
  }

  static void dealloc(PyObject* self) {
    PyObject_GC_UnTrack(self);
    PyTypeObject* const type = Py_TYPE(self);
    of(self).~Exchange();
    PyObject_GC_Del(self);
    Py_DECREF(type);
  }
  static int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    return of(self).traverse(visit, arg);
  }
  static int clear(PyObject* self) {
    of(self).clear();
    return 0;
  }
};

}  // namespace pelton::py
