// Knows whether this process opened something or is a child forked from the one that did, without a
// system call: the kernel empties the page in a child (MADV_WIPEONFORK).
#pragma once

#include <sys/mman.h>

#include <cstddef>

#include "core/check.hpp"

namespace pelton {

// Ends this process, a forked child that came back to what is its parent's: one line on standard
// error, no clean-up, since nothing here is the child's to shut down or to flush (ENG-052).
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

  // Also in a signal handler.
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
