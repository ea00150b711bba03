// What carries the items of a stream to its sink, one after the other: an awaitable that takes from
// an iterator, async or not, encodes, writes, and waits where the sink is full. In C, because every
// item passes it, and a coroutine that awaits a coroutine pays for each of them at every step.
#pragma once

#include <Python.h>

namespace pelton::py {

// ItemPump(iterator, encode, write, sink, time, first): see _native.pyi. Null with an error set.
PyTypeObject* make_item_pump_type();

}  // namespace pelton::py
