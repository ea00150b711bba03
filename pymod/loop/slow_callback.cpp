#include "pymod/loop/slow_callback.hpp"

#include "pymod/hotpath/python_versions.hpp"
#include "pymod/hotpath/refs.hpp"
#include "pymod/loop/loop_object.hpp"

namespace pelton::py {

CallbackTime::CallbackTime(const LoopObject& loop)
    : begun_s_(loop.debug ? EventLoop::now_seconds() : 0) {}

void CallbackTime::tell_how_long(LoopObject& loop, PyObject* owner, const char* name) const {
  const double seconds = EventLoop::now_seconds() - begun_s_;
  const OwnedRef pending(take_exception());
  const OwnedRef told(PyObject_CallMethod(reinterpret_cast<PyObject*>(&loop), "_callback_took",
                                          "Osd", owner, name, seconds));
  // A failure of the report is not a failure of the callback.
  if (!told) PyErr_WriteUnraisable(owner);
  if (pending) {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(pending.get())), pending.get());
  }
}

}  // namespace pelton::py
