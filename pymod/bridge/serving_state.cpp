#include "pymod/bridge/serving_state.hpp"

namespace noria::py {

ServingState::ServingState(ApplicationState& application, LoopObject& loop)
    : application_(application) {
  if (application.loop != nullptr) {
    PyErr_SetString(PyExc_RuntimeError, "the app is being served already; stop it first");
    return;
  }
  held_ = application.context.enter();
  if (held_) application.loop = &loop;
}

ServingState::~ServingState() {
  if (!held_) return;
  application_.loop = nullptr;
  application_.context.leave();
}

}  // namespace noria::py
