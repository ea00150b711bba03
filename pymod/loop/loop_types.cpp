#include "pymod/loop/loop_types.hpp"

#include "pymod/hotpath/python_versions.hpp"
#include "pymod/loop/blank_task.hpp"
#include "pymod/loop/handle_object.hpp"
#include "pymod/loop/loop_object.hpp"
#include "pymod/loop/socket_operation_type.hpp"
#include "pymod/loop/stream_transport_type.hpp"

namespace pelton::py {

std::unique_ptr<LoopTypes> LoopTypes::make() {
  std::unique_ptr<LoopTypes> types(new LoopTypes());
  types->loop_ = OwnedRef(reinterpret_cast<PyObject*>(make_loop_type()));
  types->handle_ = OwnedRef(reinterpret_cast<PyObject*>(make_handle_type()));
  if (!types->loop_ || !types->handle_) return nullptr;
  types->timer_handle_ =
      OwnedRef(reinterpret_cast<PyObject*>(make_timer_handle_type(types->handle())));
  types->loop_keyword = OwnedRef(Py_BuildValue("(s)", "loop"));
  types->task_keywords = OwnedRef(Py_BuildValue("(sss)", "loop", "name", "context"));
  const bool whole = types->timer_handle_ && types->loop_keyword && types->task_keywords;
  return whole ? std::move(types) : nullptr;
}

bool LoopTypes::import_asyncio() {
  const OwnedRef module(PyImport_ImportModule("asyncio"));
  if (!module) return false;
  future_ = OwnedRef(PyObject_GetAttrString(module.get(), "Future"));
  task_ = OwnedRef(PyObject_GetAttrString(module.get(), "Task"));
  const OwnedRef tasks(PyImport_ImportModule("asyncio.tasks"));
  if (!future_ || !task_ || !tasks) return false;
  if constexpr (current_task_on_thread) {
    swap_current_task_ = OwnedRef(PyObject_GetAttrString(tasks.get(), "_swap_current_task"));
    return static_cast<bool>(swap_current_task_);
  } else {
    current_tasks_ = OwnedRef(PyObject_GetAttrString(tasks.get(), "_current_tasks"));
    return static_cast<bool>(current_tasks_);
  }
}

PyObject* LoopTypes::future() {
  return future_ || import_asyncio() ? future_.get() : nullptr;
}

PyObject* LoopTypes::current_tasks() {
  return current_tasks_ || import_asyncio() ? current_tasks_.get() : nullptr;
}

OwnedRef LoopTypes::swap_current_task(PyObject* loop, PyObject* task) {
  if (!swap_current_task_ && !import_asyncio()) return OwnedRef();
  PyObject* arguments[3] = {nullptr, loop, task};
  return OwnedRef(PyObject_Vectorcall(swap_current_task_.get(), arguments + 1,
                                      2 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr));
}

PyTypeObject* LoopTypes::blank_task() {
  if (!blank_task_ && task() != nullptr) {
    blank_task_ = OwnedRef(reinterpret_cast<PyObject*>(make_blank_task_type(task())));
  }
  return reinterpret_cast<PyTypeObject*>(blank_task_.get());
}

AsyncioParts* LoopTypes::parts() {
  if (!parts_) parts_ = AsyncioParts::make();
  return parts_.get();
}

PyTypeObject* LoopTypes::stream_transport() {
  if (!stream_transport_ && parts() != nullptr) {
    stream_transport_ = OwnedRef(reinterpret_cast<PyObject*>(make_stream_transport_type(*parts_)));
  }
  return reinterpret_cast<PyTypeObject*>(stream_transport_.get());
}

PyTypeObject* LoopTypes::socket_operation() {
  if (!socket_operation_) {
    socket_operation_ = OwnedRef(reinterpret_cast<PyObject*>(make_socket_operation_type()));
  }
  return reinterpret_cast<PyTypeObject*>(socket_operation_.get());
}

PyObject* LoopTypes::task() {
  return task_ || import_asyncio() ? task_.get() : nullptr;
}

}  // namespace pelton::py
