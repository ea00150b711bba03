// A call on a socket as an awaitable: it is made when first awaited. If it would block, the
// operation waits for the descriptor and makes the call again.
#pragma once

#include <Python.h>

#include <cstdint>

#include "pymod/loop/loop_object.hpp"
#include "pymod/loop/receiver.hpp"

namespace pelton::py {

struct SocketOperation {
  enum class Verb : std::uint8_t { receive, receive_into, send_all, accept, connect };
  enum class Stage : std::uint8_t { fresh, waiting, ended };

  Receiver head;
  LoopObject* loop;  // counted, as all that follow
  PyObject* socket;
  PyObject* address;  // of a connect; null in others
  PyObject* future;   // the task that awaits the operation waits for this
  PyObject* result;   // once it is done
  PyObject* error;    // once it has failed
  Py_buffer view;     // what is sent, or received into; its object is null where there is none
  Py_ssize_t bytes;   // of a receive: wanted; of a send: sent already
  int descriptor;
  Verb verb;
  Stage stage;

  // Called when the descriptor is ready.
  static bool run(PyObject* self, RunReason reason);

  PyObject* object() { return reinterpret_cast<PyObject*>(this); }
  AsyncioParts& parts() const { return *loop->types->parts(); }
  DescriptorWatches::Side side() const {
    return verb == Verb::send_all || verb == Verb::connect ? DescriptorWatches::Side::writer
                                                           : DescriptorWatches::Side::reader;
  }

  // One step, as of a generator: runs until the operation waits or has ended.
  PySendResult step(PyObject** given);
  // Ends the operation: stops watching, releases the buffer and the future.
  void end();
};

}  // namespace pelton::py
