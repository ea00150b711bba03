// What `receive()` and `send()` of ASGI return: awaitables in C that also pass for coroutines,
// since applications make tasks of them. Nothing of asyncio is involved unless one has to wait.
#pragma once

#include <Python.h>

#include <cstdint>

#include "pymod/hotpath/refs.hpp"

namespace pelton::py {

// Whoever the awaitables belong to.
class AsgiConversation {
 public:
  // The Python object that this is inside of.
  virtual PyObject* object() const = 0;
  // What receive() gives; null without an error set if it has to wait.
  virtual OwnedRef take_event() = 0;
  // Sends a piece, which is null once it has been taken. 1: it has left; 0: wait; -1 with an error
  // set.
  virtual int go_on_sending(OwnedRef& piece, bool is_last) = 0;
  // A new future, which is done when something has changed; null with an error set.
  virtual PyObject* new_waiter() = 0;

 protected:
  AsgiConversation() = default;
  ~AsgiConversation() = default;
};

// New references, or null with an error set.
PyTypeObject* make_asgi_awaitable_type();
// One that has nothing to wait for; it may be awaited any number of times.
PyObject* new_asgi_done(PyTypeObject* type);
// Takes the next event once it is awaited.
PyObject* new_asgi_receive(PyTypeObject* type, AsgiConversation& of);
// Sends what is left of an event; `piece` is null if nothing but room is.
PyObject* new_asgi_send(PyTypeObject* type, AsgiConversation& of, OwnedRef piece, bool is_last);

}  // namespace pelton::py
