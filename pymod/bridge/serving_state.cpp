#include "pymod/bridge/serving_state.hpp"

namespace pelton::py {

ServingState::ServingState(ApplicationState& application, LoopObject* loop, PyObject* start_task)
    : application_(application) {
  bool is_served = false;
  application.for_all([&](ApplicationState& one) { is_served |= one.context->entered(); });
  if (is_served) {
    PyErr_SetString(PyExc_RuntimeError, "the app is being served already; stop it first");
    return;
  }
  const Hooks& hooks = application.hooks;
  held_ = application.own_context.enter(hooks.json_variable, hooks.json_encoder);
  if (!held_) return;
  application.for_all([&](ApplicationState& one) {
    one.sets_json_encoder = one.hooks.json_encoder.get() != hooks.json_encoder.get();
    one.context = &application.own_context;
    one.loop = loop;
    one.start_task = start_task;
  });
}

ServingState::~ServingState() {
  if (!held_) return;
  application_.for_all([](ApplicationState& one) {
    one.context = &one.own_context;
    one.loop = nullptr;
    one.start_task = nullptr;
  });
  application_.own_context.leave();
}

}  // namespace pelton::py
