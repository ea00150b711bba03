#include "pymod/bridge/serving_state.hpp"

namespace noria::py {

ServingState::ServingState(ApplicationState& application, LoopObject* loop, PyObject* start_task)
    : application_(application) {
  if (application.context.entered()) {
    PyErr_SetString(PyExc_RuntimeError, "the app is being served already; stop it first");
    return;
  }
  held_ = application.context.enter();
  if (!held_) return;
  application.loop = loop;
  application.start_task = start_task;
}

ServingState::~ServingState() {
  if (!held_) return;
  application_.loop = nullptr;
  application_.start_task = nullptr;
  application_.context.leave();
}

}  // namespace noria::py
