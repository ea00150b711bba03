// accept() of a Python socket without the standard library's Python code for it.
#pragma once

#include <Python.h>

#include <cstdint>

#include "pymod/hotpath/refs.hpp"
#include "pymod/loop/asyncio_parts.hpp"

namespace pelton::py {

struct Accepted {
  enum class Outcome : std::uint8_t {
    done,
    again,   // no connection waits
    failed,  // an error is set
  };

  Outcome outcome;
  OwnedRef connection;  // a socket.socket that does not block
  OwnedRef address;     // the peer's, as socket.accept() returns it
};

// The next connection of a listening socket.socket.
Accepted accept_socket(PyObject* listener, int descriptor, const AsyncioParts& asyncio);

}  // namespace pelton::py
