#include "tests/support/allocations.hpp"

#include <gtest/gtest.h>

#include <new>

namespace noria::support {
namespace {

// Called by name: a new-expression whose memory nobody looks at may be left out by the compiler.
TEST(Allocations, count_every_form_of_new) {
  const std::uint64_t before = allocations();
  ::operator delete(::operator new(1));
  ::operator delete[](::operator new[](1));
  ::operator delete(::operator new(1, std::align_val_t{64}), std::align_val_t{64});
  EXPECT_EQ(allocations() - before, 3u);
}

}  // namespace
}  // namespace noria::support
