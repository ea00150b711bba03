#include "http/serve/held_descriptors.hpp"

#include <gtest/gtest.h>

namespace pelton::http {
namespace {

TEST(HeldDescriptors, ENG_030_a_number_is_held_once) {
  HeldDescriptors held;
  for (const uring::Descriptor descriptor : {0, 5, 63, 64, 20'000, 1 << 24, (1 << 24) + 9}) {
    if (descriptor != 1 << 24) {
      EXPECT_TRUE(held.add(descriptor)) << descriptor;
      EXPECT_FALSE(held.add(descriptor)) << descriptor;
    }
  }
  held.remove(5);
  EXPECT_TRUE(held.add(5));
  EXPECT_FALSE(held.add(63));
}

}  // namespace
}  // namespace pelton::http
