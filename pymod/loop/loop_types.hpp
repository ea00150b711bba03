// The types of one interpreter's event loops, and asyncio's that they make.
#pragma once

#include <Python.h>

#include <memory>

#include "pymod/hotpath/refs.hpp"

namespace noria::py {

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
  // {loop: task}, of all loops.
  PyObject* current_tasks();

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
};

}  // namespace noria::py
