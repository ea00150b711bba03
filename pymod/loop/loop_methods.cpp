// The methods of LoopCore that asyncio calls often: scheduling, making futures and tasks, watching
// descriptors.
#include "pymod/loop/loop_methods.hpp"

#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>
#include <utility>

#include "pymod/hotpath/python_versions.hpp"
#include "pymod/loop/handle_object.hpp"
#include "pymod/loop/loop_object.hpp"
#include "pymod/loop/named_arguments.hpp"

namespace pelton::py {

namespace {

using Side = DescriptorWatches::Side;

LoopObject& of(PyObject* self) {
  return *reinterpret_cast<LoopObject*>(self);
}

// Reads callback, *args, context=None, after the parameter `before` if there is one.
bool read_call(const char* method, PyObject* const* arguments, Py_ssize_t count, PyObject* names,
               Call& call, Parameter* before = nullptr) {
  Parameter all[] = {
      {.name = before == nullptr ? "" : before->name}, {.name = "callback"}, {.name = "context"}};
  const std::size_t needed = before == nullptr ? 1 : 2;
  const auto known = std::span(all).last(needed + 1);
  const std::size_t placed = std::min(static_cast<std::size_t>(count), needed);
  for (std::size_t index = 0; index < placed; ++index) known[index].value = arguments[index];
  if (names != nullptr && !place_named(method, known, arguments + count, names)) return false;
  for (const Parameter& parameter : known.first(needed)) {
    if (parameter.value != nullptr) continue;
    PyErr_Format(PyExc_TypeError, "%s() misses its %s", method, parameter.name);
    return false;
  }
  PyObject* const context = all[2].value == Py_None ? nullptr : all[2].value;
  if (context != nullptr && !PyContext_CheckExact(context)) {
    PyErr_Format(PyExc_TypeError, "%s() wants context to be a contextvars.Context, not %s", method,
                 Py_TYPE(context)->tp_name);
    return false;
  }
  if (before != nullptr) before->value = all[0].value;
  call = {.callback = all[1].value,
          .arguments = arguments + placed,
          .argument_count = count - static_cast<Py_ssize_t>(placed),
          .context = context};
  return true;
}

// Schedules with asyncio's own handle, which Python makes: in debug mode it records where it was
// made, and the handle of another thread may have a lock.
[[gnu::noinline]] PyObject* call_by_asyncio(LoopObject& loop, const char* method, const Call& call,
                                            PyObject* when) {
  const OwnedRef arguments(PyTuple_New(call.argument_count));
  if (!arguments) return nullptr;
  for (Py_ssize_t index = 0; index < call.argument_count; ++index) {
    PyTuple_SET_ITEM(arguments.get(), index, Py_NewRef(call.arguments[index]));
  }
  PyObject* const context = call.context == nullptr ? Py_None : call.context;
  return PyObject_CallMethod(reinterpret_cast<PyObject*>(&loop), "_call_by_asyncio", "sOOOO",
                             method, call.callback, arguments.get(), context,
                             when == nullptr ? Py_None : when);
}

PyObject* schedule(LoopObject& loop, const char* method, double when, PyObject* when_object,
                   const Call& call) {
  if (!loop.check_open()) return nullptr;
  if (loop.debug) [[unlikely]]
    return call_by_asyncio(loop, method, call, when_object);
  HandleObject* const handle = new_timer_handle(loop, when, call);
  if (handle == nullptr) return nullptr;
  PyObject* const made = reinterpret_cast<PyObject*>(handle);
  loop.core->push_timer(when, OwnedRef::share(made), handle);
  return made;
}

// A descriptor as asyncio takes it: a number, or an object with fileno(). -1 with an error set.
int descriptor_of(PyObject* object) {
  int descriptor = -1;
  if (PyLong_Check(object)) {
    descriptor = int_value(object);
  } else {
    const OwnedRef told(PyObject_CallMethod(object, "fileno", nullptr));
    const OwnedRef number(told ? PyNumber_Long(told.get()) : nullptr);
    if (!number) {
      PyErr_Format(PyExc_ValueError, "Invalid file object: %R", object);
      return -1;
    }
    descriptor = int_value(number.get());
  }
  if (descriptor == -1 && PyErr_Occurred() != nullptr) return -1;
  if (descriptor < 0) {
    PyErr_Format(PyExc_ValueError, "Invalid file descriptor: %d", descriptor);
    return -1;
  }
  return descriptor;
}

// False with errno set, as with a selector: a file that is always ready would be reported without
// end. Only epoll knows such files, so a descriptor that may be one is tried there.
bool can_be_polled(int descriptor) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return false;
  if (S_ISSOCK(status.st_mode) || S_ISFIFO(status.st_mode)) return true;
  const int trial = ::epoll_create1(EPOLL_CLOEXEC);
  if (trial < 0) return false;
  epoll_event nothing{};
  const int error = ::epoll_ctl(trial, EPOLL_CTL_ADD, descriptor, &nothing) == 0 ? 0 : errno;
  ::close(trial);
  errno = error;
  return error == 0;
}

PyObject* add_watch(PyObject* self, PyObject* const* arguments, Py_ssize_t count, Side side) {
  LoopObject& loop = of(self);
  Call call{};
  Parameter file{.name = "fd"};
  if (!read_call("add_reader", arguments, count, nullptr, call, &file) || !loop.check_open()) {
    return nullptr;
  }
  const int descriptor = descriptor_of(file.value);
  if (descriptor < 0) return nullptr;
  // The engine would report the error too, but not to the caller; a ring would report that a file
  // is ready.
  if (loop.core->watches().find(descriptor, Side::reader) == nullptr &&
      loop.core->watches().find(descriptor, Side::writer) == nullptr &&
      !can_be_polled(descriptor)) {
    return PyErr_SetFromErrno(PyExc_OSError);
  }
  HandleObject* const handle = new_handle(loop, call);
  if (handle == nullptr) return nullptr;
  PyObject* const made = reinterpret_cast<PyObject*>(handle);
  const OwnedRef before = loop.core->watches().set(descriptor, side, OwnedRef::share(made));
  cancel_watcher(before.get());
  return made;
}

PyObject* remove_watch(PyObject* self, PyObject* file, Side side) {
  LoopObject& loop = of(self);
  if (loop.core->closed()) Py_RETURN_FALSE;
  const int descriptor = descriptor_of(file);
  if (descriptor < 0) return nullptr;
  loop.core->leave_engine_of_parent();
  const OwnedRef before = loop.core->watches().remove(descriptor, side);
  if (!before) Py_RETURN_FALSE;
  loop.core->release_removed();
  cancel_watcher(before.get());
  Py_RETURN_TRUE;
}

}  // namespace

namespace loop_methods {

PyObject* call_soon(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
  LoopObject& loop = of(self);
  Call call{};
  if (!read_call("call_soon", arguments, count, names, call) || !loop.check_open()) return nullptr;
  if (loop.capture != nullptr) [[unlikely]] {
    PyObject* const made = reinterpret_cast<PyObject*>(new_handle(loop, call));
    *std::exchange(loop.capture, nullptr) = OwnedRef::share(made);
    return made;
  }
  if (loop.debug) [[unlikely]]
    return call_by_asyncio(loop, "call_soon", call, nullptr);
  HandleObject* const handle = new_handle(loop, call);
  if (handle == nullptr) return nullptr;
  PyObject* const made = reinterpret_cast<PyObject*>(handle);
  loop.core->push(OwnedRef::share(made));
  return made;
}

PyObject* call_soon_threadsafe(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                               PyObject* names) {
  LoopObject& loop = of(self);
  Call call{};
  if (!read_call("call_soon_threadsafe", arguments, count, names, call) || !loop.check_open()) {
    return nullptr;
  }
  PyObject* made = nullptr;
  if (handles_of_threads_lock || loop.debug) {
    made = call_by_asyncio(loop, "call_soon_threadsafe", call, nullptr);
  } else {
    made = reinterpret_cast<PyObject*>(new_handle(loop, call));
    if (made != nullptr) loop.core->push(OwnedRef::share(made));
  }
  if (made != nullptr) loop.core->rouse();
  return made;
}

PyObject* call_later(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                     PyObject* names) {
  Call call{};
  Parameter given{.name = "delay"};
  if (!read_call("call_later", arguments, count, names, call, &given)) return nullptr;
  if (given.value == Py_None) {
    PyErr_SetString(PyExc_TypeError, "delay must not be None");
    return nullptr;
  }
  const double delay = PyFloat_AsDouble(given.value);
  if (delay == -1 && PyErr_Occurred() != nullptr) return nullptr;
  const double when = EventLoop::now_seconds() + delay;
  const OwnedRef when_object(of(self).debug ? PyFloat_FromDouble(when) : nullptr);
  return schedule(of(self), "call_later", when, when_object.get(), call);
}

PyObject* call_at(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
  Call call{};
  Parameter given{.name = "when"};
  if (!read_call("call_at", arguments, count, names, call, &given)) return nullptr;
  if (given.value == Py_None) {
    PyErr_SetString(PyExc_TypeError, "when cannot be None");
    return nullptr;
  }
  const double when = PyFloat_AsDouble(given.value);
  if (when == -1 && PyErr_Occurred() != nullptr) return nullptr;
  return schedule(of(self), "call_at", when, given.value, call);
}

PyObject* time(PyObject*, PyObject*) {
  return PyFloat_FromDouble(EventLoop::now_seconds());
}

PyObject* create_future(PyObject* self, PyObject*) {
  PyObject* const type = of(self).types->future();
  if (type == nullptr) return nullptr;
  PyObject* arguments[2] = {nullptr, self};
  return PyObject_Vectorcall(type, arguments + 1, PY_VECTORCALL_ARGUMENTS_OFFSET,
                             of(self).types->loop_keyword.get());
}

PyObject* create_task(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                      PyObject* names) {
  LoopObject& loop = of(self);
  PyObject* name = Py_None;
  PyObject* context = Py_None;
  const Py_ssize_t named = names == nullptr ? 0 : PyTuple_GET_SIZE(names);
  bool plain = count == 1 && !loop.debug && !loop.has_task_factory;
  for (Py_ssize_t index = 0; plain && index < named; ++index) {
    PyObject* const keyword = PyTuple_GET_ITEM(names, index);
    if (PyUnicode_CompareWithASCIIString(keyword, "name") == 0) {
      name = arguments[count + index];
    } else if (PyUnicode_CompareWithASCIIString(keyword, "context") == 0) {
      context = arguments[count + index];
    } else {
      plain = false;
    }
  }
  if (!plain) {
    const OwnedRef method(PyObject_GetAttrString(self, "_create_task"));
    return method ? PyObject_Vectorcall(method.get(), arguments, static_cast<std::size_t>(count),
                                        names)
                  : nullptr;
  }
  if (!loop.check_open()) return nullptr;
  PyObject* const type = loop.types->task();
  if (type == nullptr) return nullptr;
  PyObject* values[5] = {nullptr, arguments[0], self, name, context};
  return PyObject_Vectorcall(type, values + 1, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET,
                             loop.types->task_keywords.get());
}

PyObject* add_reader(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  return add_watch(self, arguments, count, Side::reader);
}

PyObject* add_writer(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  return add_watch(self, arguments, count, Side::writer);
}

PyObject* remove_reader(PyObject* self, PyObject* file) {
  return remove_watch(self, file, Side::reader);
}

PyObject* remove_writer(PyObject* self, PyObject* file) {
  return remove_watch(self, file, Side::writer);
}

PyObject* has_reader(PyObject* self, PyObject* file) {
  const int descriptor = descriptor_of(file);
  if (descriptor < 0) return nullptr;
  return PyBool_FromLong(of(self).core->watches().find(descriptor, Side::reader) != nullptr);
}

PyObject* has_writer(PyObject* self, PyObject* file) {
  const int descriptor = descriptor_of(file);
  if (descriptor < 0) return nullptr;
  return PyBool_FromLong(of(self).core->watches().find(descriptor, Side::writer) != nullptr);
}

}  // namespace loop_methods

}  // namespace pelton::py
