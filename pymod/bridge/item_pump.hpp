// ItemPump carries the items of a stream to its sink one by one: an awaitable that takes an item
// from an iterator (async or not), encodes it, writes it, and waits while the sink is full. It is
// native because every item passes through it, and nested Python coroutines cost time at every
// step.
#pragma once

#include <Python.h>

namespace pelton::py {

// ItemPump(iterator, encode, write, sink, time, first): see _native.pyi. Null with an error set.
PyTypeObject* make_item_pump_type();

}  // namespace pelton::py
