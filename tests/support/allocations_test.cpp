#include "tests/support/allocations.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

namespace pelton::support {
namespace {

// A volatile pointer, because the compiler may leave out an allocation that nobody reads.
void* volatile taken;

TEST(Allocations, count_every_form_of_new) {
  const std::uint64_t before = allocations();
  taken = ::operator new(1);
  ::operator delete(taken);
  taken = ::operator new[](1);
  ::operator delete[](taken);
  taken = ::operator new(1, std::align_val_t{64});
  ::operator delete(taken, std::align_val_t{64});
  EXPECT_EQ(allocations() - before, 3u);
}

TEST(Allocations, count_the_calls_of_c) {
  const std::uint64_t before = allocations();
  taken = std::malloc(1);
  taken = std::realloc(taken, 100'000);
  std::free(taken);
  taken = std::calloc(1, 1);
  std::free(taken);
  EXPECT_EQ(allocations() - before, 3u);
#if !defined(__SANITIZE_THREAD__)  // its heap does not report this call
  taken = std::aligned_alloc(64, 64);
  std::free(taken);
  EXPECT_EQ(allocations() - before, 4u);
#endif
}

}  // namespace
}  // namespace pelton::support
