// Tells a process from a child forked from it, without a system call: the kernel clears the guard's
// page in the child (MADV_WIPEONFORK).
#pragma once

#include <sys/mman.h>

#include <cstddef>

#include "core/check.hpp"

namespace pelton {

// Ends this process, a forked child that returned to its parent's event loop. Writes one line to
// standard error and cleans nothing up: everything here belongs to the parent (ENG-052).
[[noreturn]] void end_forked_child();

class ForkGuard {
 public:
  ForkGuard()
      : page_(static_cast<char*>(::mmap(nullptr, page_bytes, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    CHECK(page_ != MAP_FAILED && ::madvise(page_, page_bytes, MADV_WIPEONFORK) == 0);
    *page_ = 1;
  }
  ForkGuard(const ForkGuard&) = delete;
  ForkGuard& operator=(const ForkGuard&) = delete;
  ~ForkGuard() { ::munmap(page_, page_bytes); }

  // False in a forked child. May be called in a signal handler.
  bool owns() const { return *page_ != 0; }
  // Ends a forked child.
  void require_owner() const {
    if (!owns()) [[unlikely]]
      end_forked_child();
  }

 private:
  static constexpr std::size_t page_bytes = 4096;

  char* page_;
};

}  // namespace pelton
