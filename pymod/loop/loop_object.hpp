// LoopCore: the native base of pelton.loop.Loop. What asyncio calls often is a method here; the
// rest of an event loop is Python.
#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>

#include "pymod/hotpath/free_list.hpp"
#include "pymod/hotpath/refs.hpp"
#include "pymod/loop/event_loop.hpp"
#include "pymod/loop/handle_object.hpp"
#include "pymod/loop/loop_types.hpp"

namespace pelton::py {

// A step of a coroutine that runs without an asyncio.Task until code asks for the current task.
class UntaskedStep {
 public:
  // Makes the task that code asks for. False with an error set.
  virtual bool become_task() = 0;
  // The driver of this request's coroutine, if that coroutine runs; borrowed, null if not or with
  // an error set.
  virtual PyObject* driver_of(PyObject* request) = 0;

 protected:
  ~UntaskedStep() = default;
};

struct LoopObject {
  static constexpr std::size_t dead_kept_max = 256;

  PyObject_HEAD EventLoop* core;
  LoopTypes* types;
  PyObject* types_owner;
  bool debug;
  bool has_task_factory;
  std::uint32_t accept_budget;  // connections accepted per readiness; 0 counts as 1
  UntaskedStep* untasked;       // the step that runs now, if it has no task
  PyObject* blank;              // the next blank (blank_task.hpp); null: none was needed yet
  OwnedRef* capture;            // takes the next handle of call_soon(); null: the queue does
  FreeList<HandleObject, dead_kept_max> dead_handles;
  FreeList<HandleObject, dead_kept_max> dead_timers;

  // False with RuntimeError set if it was closed.
  bool check_open() const;
  // False if the list is full.
  bool keep_dead(HandleObject* dead) {
    return Py_TYPE(dead) == types->timer_handle() ? dead_timers.give(dead)
                                                  : dead_handles.give(dead);
  }
};

// A new reference, or null with an error set.
PyTypeObject* make_loop_type();

// The LoopObject that a Python object is; null with TypeError set if it is none.
LoopObject* loop_in(PyObject* object);

// Adds LoopCore, Handle and TimerHandle to the module; -1 with an error set.
int add_loop(PyObject* module);

}  // namespace pelton::py
