#include "pymod/loop/loop_object.hpp"

#include <new>

#include "pymod/hotpath/python_versions.hpp"
#include "pymod/loop/blank_task.hpp"
#include "pymod/loop/loop_methods.hpp"
#include "pymod/loop/serving_socket.hpp"
#include "pymod/loop/socket_operation_type.hpp"
#include "pymod/loop/transport_opening.hpp"
#include "uring/choice.hpp"

namespace pelton::py {

namespace {

constexpr char types_capsule[] = "pelton._native.loop_types";

LoopObject& of(PyObject* self) {
  return *reinterpret_cast<LoopObject*>(self);
}

template <auto function>
PyCFunction as_method() {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

// --- running; the Python half does asyncio's setup and clean-up around it ---

PyObject* run(PyObject* self, PyObject* engine) {
  LoopObject& loop = of(self);
  const char* word = PyUnicode_AsUTF8(engine);
  if (word == nullptr || !loop.check_open()) return nullptr;
  const auto request = uring::engine_request(word);
  if (!request) {
    PyErr_Format(PyExc_ValueError, "engine is auto, uring or epoll, not %R", engine);
    return nullptr;
  }
  if (!loop.core->open(*request) || !loop.core->run()) return nullptr;
  Py_RETURN_NONE;
}

// Makes one turn that waits at most so many seconds.
PyObject* turn(PyObject* self, PyObject* seconds) {
  LoopObject& loop = of(self);
  const double wait_s = PyFloat_AsDouble(seconds);
  if ((wait_s == -1 && PyErr_Occurred() != nullptr) || !loop.check_open()) return nullptr;
  if (!loop.core->open(uring::EngineRequest::epoll) ||
      !loop.core->turn(wait_s > 0 ? static_cast<std::uint64_t>(wait_s * 1e9) : 0)) {
    return nullptr;
  }
  Py_RETURN_NONE;
}

PyObject* stop(PyObject* self, PyObject*) {
  of(self).core->stop();
  Py_RETURN_NONE;
}

// The step that runs now becomes a task.
PyObject* become_task(PyObject* self, PyObject*) {
  UntaskedStep* const step = of(self).untasked;
  if (step != nullptr && !step->become_task()) return nullptr;
  Py_RETURN_NONE;
}

PyObject* forget_stop(PyObject* self, PyObject*) {
  of(self).core->forget_stop();
  Py_RETURN_NONE;
}

PyObject* push(PyObject* self, PyObject* handle) {
  of(self).core->push(OwnedRef::share(handle));
  Py_RETURN_NONE;
}

PyObject* push_timer(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  if (count != 2) {
    PyErr_SetString(PyExc_TypeError, "_push_timer() takes when and a handle");
    return nullptr;
  }
  const double when = PyFloat_AsDouble(arguments[0]);
  if (when == -1 && PyErr_Occurred() != nullptr) return nullptr;
  of(self).core->push_timer(when, OwnedRef::share(arguments[1]), nullptr);
  Py_RETURN_NONE;
}

PyObject* forget_timer(PyObject* self, PyObject* handle) {
  return PyBool_FromLong(of(self).core->forget_foreign_timer(handle));
}

PyObject* rouse(PyObject* self, PyObject*) {
  of(self).core->rouse();
  Py_RETURN_NONE;
}

PyObject* close_core(PyObject* self, PyObject*) {
  of(self).core->close();
  Py_RETURN_NONE;
}

PyObject* get_engine(PyObject* self, void*) {
  const char* name = of(self).core->engine_name();
  if (name == nullptr) Py_RETURN_NONE;
  return PyUnicode_FromString(name);
}

PyObject* get_debug(PyObject* self, PyObject*) {
  return PyBool_FromLong(of(self).debug);
}

template <bool LoopObject::* flag>
int set_flag(PyObject* self, PyObject* value, void*) {
  if (value == nullptr) {
    PyErr_SetString(PyExc_AttributeError, "cannot be deleted");
    return -1;
  }
  const int truth = PyObject_IsTrue(value);
  if (truth < 0) return -1;
  of(self).*flag = truth != 0;
  return 0;
}

// --- life ---

PyObject* make(PyTypeObject* type, PyObject*, PyObject*) {
  const OwnedRef module(PyImport_ImportModule("pelton._native"));
  const OwnedRef capsule(module ? PyObject_GetAttrString(module.get(), "_loop_types") : nullptr);
  if (!capsule) return nullptr;
  auto* types = static_cast<LoopTypes*>(PyCapsule_GetPointer(capsule.get(), types_capsule));
  if (types == nullptr) return nullptr;
  PyObject* const made = type->tp_alloc(type, 0);
  if (made == nullptr) return nullptr;
  LoopObject& loop = of(made);
  new (&loop.dead_handles) FreeList<HandleObject, LoopObject::dead_kept_max>();
  new (&loop.dead_timers) FreeList<HandleObject, LoopObject::dead_kept_max>();
  loop.core = new EventLoop();
  loop.types = types;
  loop.types_owner = Py_NewRef(capsule.get());
  return made;
}

void dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  LoopObject& loop = of(self);
  if (loop.core != nullptr) loop.core->close();
  delete std::exchange(loop.core, nullptr);
  while (HandleObject* dead = loop.dead_handles.take()) free_handle(dead);
  while (HandleObject* dead = loop.dead_timers.take()) free_handle(dead);
  if (loop.blank != nullptr) {
    forget_loop(loop.blank);
    Py_CLEAR(loop.blank);
  }
  PyTypeObject* type = Py_TYPE(self);
  PyObject* const types_owner = loop.types_owner;
  type->tp_free(self);
  Py_DECREF(type);
  Py_XDECREF(types_owner);
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  return of(self).core == nullptr ? 0 : of(self).core->traverse(visit, arg);
}

int clear(PyObject* self) {
  // A loop without references will never run again.
  if (of(self).core != nullptr) of(self).core->close();
  return 0;
}

// Up to CPython 3.13 asyncio looks up the current task by its loop in a dictionary, and so asks for
// the loop's hash first: at this moment the step becomes a task. blank_task.hpp serves the versions
// from 3.14 on.
Py_hash_t hash(PyObject* self) {
  UntaskedStep* const step = of(self).untasked;
  if (step != nullptr && !step->become_task()) return -1;
  return hash_of_identity(self);
}

PyMethodDef methods[] = {
    {"call_soon", as_method<loop_methods::call_soon>(), METH_FASTCALL | METH_KEYWORDS,
     PyDoc_STR("Runs the callback in the next round; returns its Handle.")},
    {"call_soon_threadsafe", as_method<loop_methods::call_soon_threadsafe>(),
     METH_FASTCALL | METH_KEYWORDS,
     PyDoc_STR("The same from any thread; a loop that waits is woken.")},
    {"call_later", as_method<loop_methods::call_later>(), METH_FASTCALL | METH_KEYWORDS,
     PyDoc_STR("Runs the callback after a delay in seconds; returns its TimerHandle.")},
    {"call_at", as_method<loop_methods::call_at>(), METH_FASTCALL | METH_KEYWORDS,
     PyDoc_STR("Runs the callback at a time of time(); returns its TimerHandle.")},
    {"time", loop_methods::time, METH_NOARGS, PyDoc_STR("Seconds on CLOCK_MONOTONIC.")},
    {"create_future", loop_methods::create_future, METH_NOARGS,
     PyDoc_STR("An asyncio.Future of this loop.")},
    {"create_task", as_method<loop_methods::create_task>(), METH_FASTCALL | METH_KEYWORDS,
     PyDoc_STR("Schedules a coroutine; returns its Task.")},
    {"_add_reader", as_method<loop_methods::add_reader>(), METH_FASTCALL, nullptr},
    {"_add_writer", as_method<loop_methods::add_writer>(), METH_FASTCALL, nullptr},
    {"_remove_reader", loop_methods::remove_reader, METH_O, nullptr},
    {"_remove_writer", loop_methods::remove_writer, METH_O, nullptr},
    {"_has_reader", loop_methods::has_reader, METH_O, nullptr},
    {"_has_writer", loop_methods::has_writer, METH_O, nullptr},
    {"sock_recv", as_method<socket_operations::sock_recv>(), METH_FASTCALL | METH_KEYWORDS,
     PyDoc_STR("At most so many octets from the socket; awaited.")},
    {"sock_recv_into", as_method<socket_operations::sock_recv_into>(),
     METH_FASTCALL | METH_KEYWORDS,
     PyDoc_STR("Fills a buffer from the socket; awaited, says how many octets came.")},
    {"sock_sendall", as_method<socket_operations::sock_sendall>(), METH_FASTCALL | METH_KEYWORDS,
     PyDoc_STR("Sends all of it; awaited.")},
    {"sock_accept", as_method<socket_operations::sock_accept>(), METH_FASTCALL | METH_KEYWORDS,
     PyDoc_STR("(connection, address); awaited.")},
    {"sock_connect", as_method<socket_operations::sock_connect>(), METH_FASTCALL | METH_KEYWORDS,
     PyDoc_STR("Connects the socket to the address; awaited.")},
    {"get_debug", get_debug, METH_NOARGS, PyDoc_STR("Whether debug mode is on.")},
    {"_make_socket_transport", as_method<make_socket_transport>(), METH_FASTCALL | METH_KEYWORDS,
     nullptr},
    {"_accept_connection", as_method<accept_connections>(), METH_FASTCALL | METH_KEYWORDS, nullptr},
    {"stop", stop, METH_NOARGS, PyDoc_STR("Ends run_forever() after this round.")},
    {"_run", run, METH_O, nullptr},
    {"_turn", turn, METH_O, nullptr},
    {"_become_task", become_task, METH_NOARGS, nullptr},
    {"_forget_stop", forget_stop, METH_NOARGS, nullptr},
    {"_push", push, METH_O, nullptr},
    {"_push_timer", as_method<push_timer>(), METH_FASTCALL, nullptr},
    {"_forget_timer", forget_timer, METH_O, nullptr},
    {"_rouse", rouse, METH_NOARGS, nullptr},
    {"_close_core", close_core, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr}};

PyGetSetDef attributes[] = {
    {"engine", get_engine, nullptr, PyDoc_STR("'uring' or 'epoll'; None before the loop has run."),
     nullptr},
    {"_core_debug", nullptr, set_flag<&LoopObject::debug>, nullptr, nullptr},
    {"_has_task_factory", nullptr, set_flag<&LoopObject::has_task_factory>, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyType_Slot slots[] = {{Py_tp_doc, const_cast<char*>("The native base of pelton.loop.Loop.")},
                       {Py_tp_new, reinterpret_cast<void*>(make)},
                       {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                       {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                       {Py_tp_clear, reinterpret_cast<void*>(clear)},
                       {Py_tp_hash, reinterpret_cast<void*>(hash)},
                       {Py_tp_methods, methods},
                       {Py_tp_getset, attributes},
                       {0, nullptr}};

PyType_Spec spec = {.name = "pelton._native.LoopCore",
                    .basicsize = sizeof(LoopObject),
                    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
                    .slots = slots};

}  // namespace

PyTypeObject* make_loop_type() {
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

bool LoopObject::check_open() const {
  if (!core->closed()) [[likely]]
    return true;
  PyErr_SetString(PyExc_RuntimeError, "Event loop is closed");
  return false;
}

LoopObject* loop_in(PyObject* object) {
  if (Py_TYPE(object)->tp_hash == hash) return &of(object);
  PyErr_Format(PyExc_TypeError, "a pelton.loop.Loop is wanted, not %s", Py_TYPE(object)->tp_name);
  return nullptr;
}

int add_loop(PyObject* module) {
  std::unique_ptr<LoopTypes> types = LoopTypes::make();
  if (!types) return -1;
  for (PyTypeObject* type : {types->loop(), types->handle(), types->timer_handle()}) {
    if (PyModule_AddType(module, type) != 0) return -1;
  }
  const auto destroy = [](PyObject* capsule) {
    delete static_cast<LoopTypes*>(PyCapsule_GetPointer(capsule, types_capsule));
  };
  OwnedRef capsule(PyCapsule_New(types.get(), types_capsule, destroy));
  if (!capsule) return -1;
  types.release();
  return PyModule_AddObjectRef(module, "_loop_types", capsule.get());
}

}  // namespace pelton::py
