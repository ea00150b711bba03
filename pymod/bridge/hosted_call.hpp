// The call of an application that answers its exchange itself, by events of its own protocol: what
// a Driver runs in place of a handler, whose result would be the answer.
#pragma once

#include <Python.h>

#include "http/handler.hpp"
#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

class Driver;
struct StepEnd;

class HostedCall {
 public:
  // The Python object that this is inside of.
  virtual PyObject* object() const = 0;
  // The driver that runs the coroutine from now on; null once it is gone.
  virtual void set_driver(Driver* driver) = 0;
  // Whether the answer is complete, though the coroutine may go on.
  virtual bool is_answered() const = 0;
  // Something that the application may wait for has changed: room for more of the answer, a body
  // that goes on, a client that has left.
  virtual void note_news() = 0;
  // The coroutine has ended. Returns one that has to run before the exchange can end, or null.
  virtual OwnedRef conclude(StepEnd& end) = 0;
  // What the exchange ends with after that, if it has not ended.
  virtual http::Outcome outcome() const = 0;

 protected:
  HostedCall() = default;
  ~HostedCall() = default;
};

}  // namespace pelton::py
