// An application is served by one thread at a time: what its handlers run on and in, for as long as
// this lives.
#pragma once

#include "pymod/hotpath/application_state.hpp"
#include "pymod/loop/loop_object.hpp"

namespace pelton::py {

class ServingState {
 public:
  // Python's thread that serves. Whether it took hold: ok(), else RuntimeError is set. Without a
  // loop of pelton's `start_task` puts coroutines on the one that runs
  // (ApplicationState::start_task).
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
