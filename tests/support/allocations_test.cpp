#include "tests/support/allocations.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace noria::support {
namespace {

struct alignas(64) Line {
  char octets[64];
};

TEST(Allocations, count_every_form_of_new) {
  const std::uint64_t before = allocations();
  const auto one = std::make_unique<int>(1);
  const std::vector<int> two(10);
  const auto three = std::make_unique<Line>();
  EXPECT_EQ(allocations() - before, 3u);
}

}  // namespace
}  // namespace noria::support
