// StreamTransport as Python sees it: asyncio.Transport's methods, and those of asyncio's private
// attributes that asyncio and libraries use.
#pragma once

#include <Python.h>

#include "pymod/loop/asyncio_parts.hpp"

namespace pelton::py {

// A new reference, or null with an error set.
PyTypeObject* make_stream_transport_type(AsyncioParts& parts);

}  // namespace pelton::py
