// The types of one interpreter's event loops, and the types of asyncio that they make.
#pragma once

#include <Python.h>

#include <memory>

#include "pymod/hotpath/refs.hpp"
#include "pymod/loop/asyncio_parts.hpp"

namespace pelton::py {

class LoopTypes {
 public:
  // Null with an error set.
  static std::unique_ptr<LoopTypes> make();

  PyTypeObject* loop() const { return reinterpret_cast<PyTypeObject*>(loop_.get()); }
  PyTypeObject* handle() const { return reinterpret_cast<PyTypeObject*>(handle_.get()); }
  PyTypeObject* timer_handle() const {
    return reinterpret_cast<PyTypeObject*>(timer_handle_.get());
  }
  // asyncio's own; imported when first asked for, null with an error set.
  PyObject* future();
  PyObject* task();
  // {loop: task}, of all loops; where asyncio keeps the current task in a dictionary.
  PyObject* current_tasks();
  // Where asyncio keeps the current task in the thread state: makes `task` (or None) the current
  // one of the loop that runs on this thread. Returns the one before, or None; null with an error
  // set.
  OwnedRef swap_current_task(PyObject* loop, PyObject* task);
  // See blank_task.hpp.
  PyTypeObject* blank_task();
  AsyncioParts* parts();
  PyTypeObject* stream_transport();
  PyTypeObject* socket_operation();

  OwnedRef loop_keyword;   // ("loop",)
  OwnedRef task_keywords;  // ("loop", "name", "context")

 private:
  LoopTypes() = default;
  bool import_asyncio();

  OwnedRef loop_;
  OwnedRef handle_;
  OwnedRef timer_handle_;
  OwnedRef future_;
  OwnedRef task_;
  OwnedRef current_tasks_;
  OwnedRef swap_current_task_;
  OwnedRef blank_task_;
  std::unique_ptr<AsyncioParts> parts_;
  OwnedRef stream_transport_;
  OwnedRef socket_operation_;
};

}  // namespace pelton::py
