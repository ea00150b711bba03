// How Python's heap grows.
#pragma once

namespace pelton::py {

// From now on for the life of the process, the arenas of Python's small objects come from the
// kernel with their pages, in one call for each (PyObject_SetArenaAllocator, mmap(2) MAP_POPULATE):
// start-up fills one after the other, and would otherwise pay a page fault for every 4 KiB.
void grow_heap_by_whole_arenas();

}  // namespace pelton::py
