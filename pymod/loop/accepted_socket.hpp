// accept() of a Python socket, without what the standard library does of it in Python.
#pragma once

#include <Python.h>

#include <cstdint>

#include "pymod/hotpath/refs.hpp"
#include "pymod/loop/asyncio_parts.hpp"

namespace pelton::py {

struct Accepted {
  enum class Outcome : std::uint8_t {
    done,
    again,   // nobody waits to be accepted
    failed,  // an error is set
  };

  Outcome outcome;
  OwnedRef connection;  // a socket.socket that does not block
  OwnedRef address;     // the peer's, as socket.accept() tells it
};

// The next connection of a listening socket.socket.
Accepted accept_socket(PyObject* listener, int descriptor, const AsyncioParts& asyncio);

}  // namespace pelton::py
