// In debug mode a loop reports slow callbacks: loop.slow_callback_duration. asyncio's handles are
// timed by themselves; this class times callbacks without one.
#pragma once

#include <Python.h>

namespace pelton::py {

struct LoopObject;

// Measures from construction to tell(), if the loop is in debug mode at construction.
class CallbackTime {
 public:
  explicit CallbackTime(const LoopObject& loop);

  // owner.name is the callback that ran. An error that is set stays set.
  void tell(LoopObject& loop, PyObject* owner, const char* name) const {
    if (begun_s_ != 0) [[unlikely]]
      tell_how_long(loop, owner, name);
  }

 private:
  void tell_how_long(LoopObject& loop, PyObject* owner, const char* name) const;

  double begun_s_ = 0;  // on the loop's clock; 0: not timed
};

}  // namespace pelton::py
