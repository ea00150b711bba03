#include "pymod/bridge/loop_future.hpp"

#include "pymod/hotpath/refs.hpp"
#include "pymod/loop/loop_object.hpp"

namespace pelton::py {

PyObject* new_loop_future(const ApplicationState& application, const char* if_none) {
  OwnedRef loop;
  if (application.loop != nullptr) {
    loop = OwnedRef::share(reinterpret_cast<PyObject*>(application.loop));
  } else {
    const OwnedRef events(PyImport_ImportModule("asyncio.events"));
    if (!events) return nullptr;
    loop = OwnedRef(PyObject_CallMethod(events.get(), "_get_running_loop", nullptr));
    if (!loop) return nullptr;
  }
  if (loop.get() == Py_None) {
    PyErr_SetString(PyExc_RuntimeError, if_none);
    return nullptr;
  }
  return PyObject_CallMethod(loop.get(), "create_future", nullptr);
}

}  // namespace pelton::py
