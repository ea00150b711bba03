// ServingState claims an application for one thread. While it lives, the application's handlers run
// on its loop and in its context.
#pragma once

#include "pymod/hotpath/application_state.hpp"
#include "pymod/loop/loop_object.hpp"

namespace pelton::py {

class ServingState {
 public:
  // Called on the thread that serves. If ok() is false, an error is set: RuntimeError if the
  // application is being served already. Without a loop of pelton's, `start_task` starts coroutines
  // on the loop that runs (ApplicationState::start_task).
  ServingState(ApplicationState& application, LoopObject* loop, PyObject* start_task = nullptr);
  ServingState(const ServingState&) = delete;
  ServingState& operator=(const ServingState&) = delete;
  ~ServingState();

  bool ok() const { return held_; }

 private:
  ApplicationState& application_;
  bool held_ = false;
};

}  // namespace pelton::py
