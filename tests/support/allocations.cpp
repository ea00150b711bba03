#include "tests/support/allocations.hpp"

#include <atomic>
#include <cerrno>
#include <cstddef>

namespace {

std::atomic<std::uint64_t> total{0};
std::atomic<std::size_t> refused_from{~std::size_t{0}};

void counted() {
  total.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

namespace pelton::support {

std::uint64_t allocations() {
  return total.load(std::memory_order_relaxed);
}

AllocationRefusal::AllocationRefusal(std::size_t bytes_min) {
  refused_from = bytes_min;
}

AllocationRefusal::~AllocationRefusal() {
  refused_from = ~std::size_t{0};
}

bool AllocationRefusal::works() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return false;
#else
  return true;
#endif
}

}  // namespace pelton::support

// A sanitizer's own heap offers hooks; calls of glibc's heap are counted as they come in.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

// gcc 12 has the function and not the header <sanitizer/allocator_interface.h>.
extern "C" int __sanitizer_install_malloc_and_free_hooks(
    void (*allocated)(const volatile void* memory, std::size_t bytes),
    void (*freed)(const volatile void* memory));

namespace {

const int installed = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { counted(); }, [](const volatile void*) {});

}  // namespace

#else

// Visible, so that calls from libraries come here too.
#pragma GCC visibility push(default)

extern "C" {

void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* memory, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);

void* malloc(std::size_t bytes) {
  counted();
  if (bytes >= refused_from.load(std::memory_order_relaxed)) return nullptr;
  return __libc_malloc(bytes);
}

void* calloc(std::size_t count, std::size_t bytes) {
  counted();
  return __libc_calloc(count, bytes);
}

void* realloc(void* memory, std::size_t bytes) {
  counted();
  if (bytes >= refused_from.load(std::memory_order_relaxed)) return nullptr;
  return __libc_realloc(memory, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  counted();
  return __libc_memalign(alignment, bytes);
}

int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  counted();
  *memory = __libc_memalign(alignment, bytes);
  return *memory == nullptr ? ENOMEM : 0;
}

}  // extern "C"

#pragma GCC visibility pop

#endif
