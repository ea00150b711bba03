#include "core/monotonic.hpp"

#include <gtest/gtest.h>

namespace pelton {
namespace {

TEST(Monotonic, never_goes_back_and_counts_nanoseconds) {
  timespec before{};
  ::clock_gettime(CLOCK_MONOTONIC, &before);
  const std::uint64_t first_ns = monotonic_ns();
  const std::uint64_t second_ns = monotonic_ns();
  EXPECT_GE(first_ns, static_cast<std::uint64_t>(before.tv_sec) * nanoseconds_per_second);
  EXPECT_GE(second_ns, first_ns);
  EXPECT_LT(second_ns - first_ns, nanoseconds_per_second);
}

}  // namespace
}  // namespace pelton
