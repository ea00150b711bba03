// A native object that a loop runs without a Handle, with a reason.
#pragma once

#include <Python.h>

#include <cstdint>

namespace pelton::py {

enum class RunReason : std::uint8_t {
  handle,    // no reason: a Handle, or any object with asyncio's _run()
  readable,  // the descriptor that it watches
  writable,
  to_end,  // readable; octets that a read leaves are not reported again
  unread,  // the last read may have left octets
  begin,   // it was made in the round before
  lost,    // its connection is over
};

// The first members of every such object.
struct Receiver {
  PyObject_HEAD PyObject* inherited[5];  // the slots that asyncio's transports have; null in others
  // False with an error set that must leave the loop: SystemExit or KeyboardInterrupt.
  bool (*run)(PyObject* self, RunReason reason);
};

}  // namespace pelton::py
