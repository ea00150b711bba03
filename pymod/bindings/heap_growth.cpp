#include "pymod/bindings/heap_growth.hpp"

#include <Python.h>
#include <sys/mman.h>

#include <cstddef>

namespace pelton::py {

namespace {

void* allocate(void* /*context*/, std::size_t bytes) {
  void* const arena = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  return arena == MAP_FAILED ? nullptr : arena;
}

// Releases also older arenas, which CPython maps in the same way.
void release(void* /*context*/, void* arena, std::size_t bytes) {
  ::munmap(arena, bytes);
}

}  // namespace

void grow_heap_by_whole_arenas() {
  PyObjectArenaAllocator allocator{.ctx = nullptr, .alloc = allocate, .free = release};
  PyObject_SetArenaAllocator(&allocator);
}

}  // namespace pelton::py
