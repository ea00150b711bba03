// What a loop runs without a Handle between: a native object that is told why.
#pragma once

#include <Python.h>

#include <cstdint>

namespace pelton::py {

enum class RunReason : std::uint8_t {
  handle,    // none: a Handle, or any object with asyncio's _run()
  readable,  // the descriptor that it watches
  writable,
  to_end,  // readable, and nothing tells of what a read leaves
  unread,  // there may be more than it read last
  begin,   // it was made in the round before
  lost,    // its connection is over
};

// How every such object begins.
struct Receiver {
  PyObject_HEAD PyObject* inherited[5];  // the slots that asyncio's transports have; null in others
  // False with an error set that must leave the loop: SystemExit or KeyboardInterrupt.
  bool (*run)(PyObject* self, RunReason reason);
};

}  // namespace pelton::py
