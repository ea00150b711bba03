#include "pymod/loop/handle_object.hpp"

#include <structmember.h>

#include <cstddef>

#include "pymod/hotpath/python_versions.hpp"
#include "pymod/loop/event_loop.hpp"
#include "pymod/loop/loop_object.hpp"
#include "pymod/loop/slow_callback.hpp"

namespace pelton::py {

namespace {

HandleObject& of(PyObject* self) {
  return *reinterpret_cast<HandleObject*>(self);
}
PyObject* object_of(HandleObject& handle) {
  return reinterpret_cast<PyObject*>(&handle);
}

void drop_call(HandleObject& handle) {
  PyObject* const callback = std::exchange(handle.callback, nullptr);
  PyObject* const many = std::exchange(handle.many, nullptr);
  PyObject* few[HandleObject::arguments_kept];
  const std::uint8_t count = std::exchange(handle.argument_count, 0);
  for (std::uint8_t index = 0; index < count; ++index) few[index] = handle.arguments[1 + index];
  for (std::uint8_t index = 0; index < count; ++index) Py_DECREF(few[index]);
  Py_XDECREF(many);
  Py_XDECREF(callback);
}

PyObject* arguments_tuple(HandleObject& handle) {
  if (handle.callback == nullptr) return Py_NewRef(Py_None);
  if (handle.many != nullptr) return Py_NewRef(handle.many);
  PyObject* made = PyTuple_New(handle.argument_count);
  if (made == nullptr) return nullptr;
  for (std::uint8_t index = 0; index < handle.argument_count; ++index) {
    PyTuple_SET_ITEM(made, index, Py_NewRef(handle.arguments[1 + index]));
  }
  return made;
}

// --- what Python sees ---

PyObject* cancel(PyObject* self, PyObject*) {
  cancel_handle(of(self));
  Py_RETURN_NONE;
}

PyObject* cancelled(PyObject* self, PyObject*) {
  return PyBool_FromLong(of(self).cancelled);
}

PyObject* get_context(PyObject* self, PyObject*) {
  return Py_NewRef(of(self).context);
}

PyObject* run(PyObject* self, PyObject*) {
  if (!run_handle(of(self))) return nullptr;
  Py_RETURN_NONE;
}

PyObject* when(PyObject* self, PyObject*) {
  return PyFloat_FromDouble(of(self).when);
}

PyObject* get_callback(PyObject* self, void*) {
  PyObject* callback = of(self).callback;
  return Py_NewRef(callback == nullptr ? Py_None : callback);
}
PyObject* get_arguments(PyObject* self, void*) {
  return arguments_tuple(of(self));
}
PyObject* get_context_attribute(PyObject* self, void*) {
  return Py_NewRef(of(self).context);
}
PyObject* get_loop(PyObject* self, void*) {
  return Py_NewRef(of(self).loop);
}
PyObject* get_cancelled(PyObject* self, void*) {
  return PyBool_FromLong(of(self).cancelled);
}
PyObject* get_traceback(PyObject*, void*) {
  Py_RETURN_NONE;
}
PyObject* get_when(PyObject* self, void*) {
  return PyFloat_FromDouble(of(self).when);
}
PyObject* get_scheduled(PyObject* self, void*) {
  return PyBool_FromLong(of(self).heap_place != HandleObject::nowhere);
}

// The representation is asyncio's own.
PyObject* represent(PyObject* self) {
  return PyObject_CallMethod(reinterpret_cast<PyObject*>(of(self).loop), "_handle_repr", "O", self);
}

PyObject* compare_timers(PyObject* left, PyObject* right, int operation) {
  if (!Py_IS_TYPE(right, Py_TYPE(left))) Py_RETURN_NOTIMPLEMENTED;
  if (operation == Py_EQ || operation == Py_NE) {
    return PyBool_FromLong((left == right) == (operation == Py_EQ));
  }
  Py_RETURN_RICHCOMPARE(of(left).when, of(right).when, operation);
}

Py_hash_t hash_timer(PyObject* self) {
  return hash_of_identity(self);
}

// --- life ---

void dealloc(PyObject* self) {
  HandleObject& handle = of(self);
  PyObject_GC_UnTrack(self);
  if (handle.weak_references != nullptr) PyObject_ClearWeakRefs(self);
  drop_call(handle);
  Py_CLEAR(handle.context);
  LoopObject* const loop = std::exchange(handle.loop, nullptr);
  // A handle in a list keeps its reference to the type.
  if (loop == nullptr || !loop->keep_dead(&handle)) free_handle(&handle);
  Py_XDECREF(reinterpret_cast<PyObject*>(loop));
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  const HandleObject& handle = of(self);
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(handle.loop);
  Py_VISIT(handle.callback);
  Py_VISIT(handle.context);
  Py_VISIT(handle.many);
  for (std::uint8_t index = 0; index < handle.argument_count; ++index) {
    Py_VISIT(handle.arguments[1 + index]);
  }
  return 0;
}

int clear(PyObject* self) {
  if (!of(self).running) drop_call(of(self));
  return 0;
}

PyMethodDef methods[] = {
    {"cancel", cancel, METH_NOARGS, PyDoc_STR("The callback will not run any more.")},
    {"cancelled", cancelled, METH_NOARGS, PyDoc_STR("Whether cancel() was called.")},
    {"get_context", get_context, METH_NOARGS, PyDoc_STR("The context the callback runs in.")},
    {"_run", run, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr}};

PyGetSetDef attributes[] = {{"_callback", get_callback, nullptr, nullptr, nullptr},
                            {"_args", get_arguments, nullptr, nullptr, nullptr},
                            {"_context", get_context_attribute, nullptr, nullptr, nullptr},
                            {"_loop", get_loop, nullptr, nullptr, nullptr},
                            {"_cancelled", get_cancelled, nullptr, nullptr, nullptr},
                            {"_source_traceback", get_traceback, nullptr, nullptr, nullptr},
                            {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET,
     static_cast<Py_ssize_t>(offsetof(HandleObject, weak_references)), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr}};

PyType_Slot slots[] = {{Py_tp_doc, const_cast<char*>("A callback of the event loop.")},
                       {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                       {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                       {Py_tp_clear, reinterpret_cast<void*>(clear)},
                       {Py_tp_repr, reinterpret_cast<void*>(represent)},
                       {Py_tp_methods, methods},
                       {Py_tp_getset, attributes},
                       {Py_tp_members, members},
                       {0, nullptr}};

PyType_Spec spec = {.name = "pelton._native.Handle",
                    .basicsize = sizeof(HandleObject),
                    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE |
                             Py_TPFLAGS_DISALLOW_INSTANTIATION,
                    .slots = slots};

PyMethodDef timer_methods[] = {
    {"when", when, METH_NOARGS, PyDoc_STR("Seconds on the loop's clock.")},
    {nullptr, nullptr, 0, nullptr}};

PyGetSetDef timer_attributes[] = {{"_when", get_when, nullptr, nullptr, nullptr},
                                  {"_scheduled", get_scheduled, nullptr, nullptr, nullptr},
                                  {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyType_Slot timer_slots[] = {{Py_tp_doc, const_cast<char*>("A callback of a later time.")},
                             {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                             {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                             {Py_tp_clear, reinterpret_cast<void*>(clear)},
                             {Py_tp_richcompare, reinterpret_cast<void*>(compare_timers)},
                             {Py_tp_hash, reinterpret_cast<void*>(hash_timer)},
                             {Py_tp_methods, timer_methods},
                             {Py_tp_getset, timer_attributes},
                             {0, nullptr}};

PyType_Spec timer_spec = {
    .name = "pelton._native.TimerHandle",
    .basicsize = sizeof(HandleObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = timer_slots};

bool fill(HandleObject& handle, LoopObject& loop, const Call& call) {
  handle.context = call.context != nullptr ? Py_NewRef(call.context) : PyContext_CopyCurrent();
  handle.argument_count = 0;
  handle.cancelled = false;
  handle.running = false;
  handle.heap_place = HandleObject::nowhere;
  handle.callback = Py_NewRef(call.callback);
  handle.loop = &loop;
  Py_INCREF(reinterpret_cast<PyObject*>(&loop));
  handle.many = nullptr;
  if (call.argument_count <= HandleObject::arguments_kept) [[likely]] {
    for (Py_ssize_t index = 0; index < call.argument_count; ++index) {
      handle.arguments[1 + index] = Py_NewRef(call.arguments[index]);
    }
    handle.argument_count = static_cast<std::uint8_t>(call.argument_count);
  } else {
    handle.many = PyTuple_New(call.argument_count);
    for (Py_ssize_t index = 0; handle.many != nullptr && index < call.argument_count; ++index) {
      PyTuple_SET_ITEM(handle.many, index, Py_NewRef(call.arguments[index]));
    }
  }
  PyObject_GC_Track(&handle);
  const bool whole =
      handle.context != nullptr &&
      (call.argument_count <= HandleObject::arguments_kept || handle.many != nullptr);
  if (!whole) Py_DECREF(object_of(handle));
  return whole;
}

HandleObject* take_or_make(HandleObject* dead, PyTypeObject* type) {
  if (dead != nullptr) {
    Py_SET_REFCNT(object_of(*dead), 1);
    return dead;
  }
  HandleObject* const made = PyObject_GC_New(HandleObject, type);
  if (made != nullptr) made->weak_references = nullptr;
  return made;
}

PyObject* call(HandleObject& handle) {
  if (handle.many != nullptr) return PyObject_Call(handle.callback, handle.many, nullptr);
  const std::size_t count = handle.argument_count;
  return PyObject_Vectorcall(handle.callback, handle.arguments + 1,
                             count | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
}

// Reports a failed callback to the loop's exception handler.
[[gnu::noinline]] bool callback_failed(HandleObject& handle) {
  if (PyErr_ExceptionMatches(PyExc_SystemExit) || PyErr_ExceptionMatches(PyExc_KeyboardInterrupt)) {
    return false;
  }
  const OwnedRef error(take_exception());
  const OwnedRef told(PyObject_CallMethod(reinterpret_cast<PyObject*>(handle.loop),
                                          "_callback_failed", "OO", object_of(handle),
                                          error.get()));
  return static_cast<bool>(told);
}

}  // namespace

PyTypeObject* make_handle_type() {
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

PyTypeObject* make_timer_handle_type(PyTypeObject* handle_type) {
  return reinterpret_cast<PyTypeObject*>(
      PyType_FromSpecWithBases(&timer_spec, reinterpret_cast<PyObject*>(handle_type)));
}

HandleObject* new_handle(LoopObject& loop, const Call& call) {
  HandleObject* const made = take_or_make(loop.dead_handles.take(), loop.types->handle());
  return made != nullptr && fill(*made, loop, call) ? made : nullptr;
}

HandleObject* new_timer_handle(LoopObject& loop, double when, const Call& call) {
  HandleObject* const made = take_or_make(loop.dead_timers.take(), loop.types->timer_handle());
  if (made == nullptr || !fill(*made, loop, call)) return nullptr;
  made->when = when;
  return made;
}

bool run_handle(HandleObject& handle) {
  if (handle.cancelled || handle.callback == nullptr) return true;
  if (PyContext_Enter(handle.context) != 0) [[unlikely]]
    return callback_failed(handle);
  handle.running = true;
  PyObject* const result = call(handle);
  handle.running = false;
  const bool left = PyContext_Exit(handle.context) == 0;
  if (result != nullptr && left) [[likely]] {
    Py_DECREF(result);
    if (handle.cancelled) [[unlikely]]
      drop_call(handle);
    return true;
  }
  Py_XDECREF(result);
  const bool goes_on = callback_failed(handle);
  if (handle.cancelled) drop_call(handle);
  return goes_on;
}

namespace {

// In debug mode, native handles are those that watch descriptors and those made earlier.
[[gnu::noinline]] bool run_timed(HandleObject& handle) {
  const CallbackTime time(*handle.loop);
  const bool goes_on = run_handle(handle);
  time.tell(*handle.loop, object_of(handle), "_callback");
  return goes_on;
}

}  // namespace

bool run_ready(const Ready& ready) {
  PyObject* const handle = ready.object.get();
  if (ready.reason != RunReason::handle) {
    return reinterpret_cast<Receiver*>(handle)->run(handle, ready.reason);
  }
  if (Py_TYPE(handle)->tp_dealloc == dealloc) [[likely]] {
    if (!of(handle).loop->debug) [[likely]]
      return run_handle(of(handle));
    return run_timed(of(handle));
  }
  const OwnedRef loop(PyObject_GetAttrString(handle, "_loop"));
  return loop && OwnedRef(PyObject_CallMethod(loop.get(), "_run_foreign", "O", handle));
}

void cancel_handle(HandleObject& handle) {
  if (handle.cancelled) return;
  handle.cancelled = true;
  const OwnedRef held = OwnedRef::share(object_of(handle));  // the heap's reference may be the last
  if (handle.heap_place != HandleObject::nowhere) handle.loop->core->forget_timer(handle);
  if (!handle.running) drop_call(handle);
}

void cancel_watcher(PyObject* watcher) {
  // A receiver knows what it waits for and is not cancelled.
  if (watcher != nullptr && Py_TYPE(watcher)->tp_dealloc == dealloc) cancel_handle(of(watcher));
}

bool report_failed(LoopObject& loop, const Call& call) {
  if (PyErr_ExceptionMatches(PyExc_SystemExit) || PyErr_ExceptionMatches(PyExc_KeyboardInterrupt)) {
    return false;
  }
  OwnedRef error(take_exception());
  const OwnedRef handle(reinterpret_cast<PyObject*>(new_handle(loop, call)));
  if (!handle) return false;
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.get())), error.get());
  return callback_failed(of(handle.get()));
}

void free_handle(HandleObject* dead) {
  PyTypeObject* type = Py_TYPE(dead);
  PyObject_GC_Del(dead);
  Py_DECREF(type);
}

}  // namespace pelton::py
