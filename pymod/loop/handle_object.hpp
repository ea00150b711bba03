// Handle and TimerHandle of the event loop, as asyncio has them: a callback with its arguments and
// its context, run unless it was cancelled.
#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>

#include "pymod/hotpath/refs.hpp"
#include "pymod/loop/ready_queue.hpp"

namespace pelton::py {

struct LoopObject;

struct HandleObject {
  static constexpr Py_ssize_t arguments_kept = 3;  // more of them live in a tuple
  static constexpr std::size_t nowhere = ~std::size_t{0};

  PyObject_HEAD LoopObject* loop;  // counted
  PyObject* callback;              // null once cancelled
  PyObject* context;
  PyObject* many;  // tuple; null while the arguments are few
  PyObject* weak_references;
  // The callee may write to the first place (PY_VECTORCALL_ARGUMENTS_OFFSET).
  PyObject* arguments[1 + arguments_kept];
  std::uint8_t argument_count;
  bool cancelled;
  bool running;  // a cancel then drops the call after the callback has returned
  double when;   // TimerHandle
  std::size_t heap_place;
};

// A callback with its arguments and context.
struct Call {
  PyObject* callback;
  PyObject* const* arguments;
  Py_ssize_t argument_count;
  PyObject* context;  // null: a copy of the current one
};

// New references, or null with an error set.
PyTypeObject* make_handle_type();
PyTypeObject* make_timer_handle_type(PyTypeObject* handle_type);

// Null with an error set.
HandleObject* new_handle(LoopObject& loop, const Call& call);
HandleObject* new_timer_handle(LoopObject& loop, double when, const Call& call);

// Runs it. False with an error set that must leave the loop: SystemExit or KeyboardInterrupt.
bool run_handle(HandleObject& handle);
// Runs an entry of a ready queue: a native handle, any object with asyncio's _run(), or a receiver.
bool run_ready(const Ready& ready);
void cancel_handle(HandleObject& handle);
// Cancels a former watcher of a descriptor if it is a native handle; null is allowed.
void cancel_watcher(PyObject* watcher);
// Reports the error that is set to the loop's exception handler, as that of a handle with this
// call. False with an error set that must leave the loop.
bool report_failed(LoopObject& loop, const Call& call);
// Frees a handle from a list of dead ones.
void free_handle(HandleObject* dead);

}  // namespace pelton::py
