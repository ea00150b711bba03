// In debug mode a loop tells of callbacks that kept it for long: loop.slow_callback_duration.
// asyncio's handles are timed by themselves; this is for what runs without one.
#pragma once

#include <Python.h>

namespace pelton::py {

struct LoopObject;

// From its making to tell(), if the loop is in debug mode then.
class CallbackTime {
 public:
  explicit CallbackTime(const LoopObject& loop);

  // owner.name is what ran. Leaves an error alone that is set.
  void tell(LoopObject& loop, PyObject* owner, const char* name) const {
    if (begun_s_ != 0) [[unlikely]]
      tell_how_long(loop, owner, name);
  }

 private:
  void tell_how_long(LoopObject& loop, PyObject* owner, const char* name) const;

  double begun_s_ = 0;  // on the loop's clock; 0: it is not timed
};

}  // namespace pelton::py
