#include "core/memory/scratch_buffer.hpp"

#include <gtest/gtest.h>

#include <cstddef>

namespace pelton {
namespace {

TEST(ScratchBuffer, keeps_what_is_there_when_it_grows) {
  ScratchBuffer<int> numbers;
  EXPECT_EQ(numbers.size(), 0u);
  ASSERT_TRUE(numbers.grow_to(1));
  numbers.data()[0] = 7;
  ASSERT_TRUE(numbers.grow_to(100'000));
  EXPECT_EQ(numbers.data()[0], 7);
  ASSERT_TRUE(numbers.grow_to(10));
  EXPECT_EQ(numbers.size(), 100'000u);
}

TEST(ScratchBuffer, PRC_036_without_memory_it_is_as_it_was) {
  ScratchBuffer<int> numbers;
  ASSERT_TRUE(numbers.grow_to(1));
  numbers.data()[0] = 7;
  EXPECT_FALSE(numbers.grow_to(std::size_t{1} << 58));
  EXPECT_FALSE(numbers.grow_to(~std::size_t{0}));
  EXPECT_EQ(numbers.size(), 1u);
  EXPECT_EQ(numbers.data()[0], 7);
}

TEST(ScratchBuffer, gives_back_what_is_larger_than_is_kept) {
  for (const std::size_t kept : {4095u, 4096u, 4097u}) {
    ScratchBuffer<int> numbers;
    ASSERT_TRUE(numbers.grow_to(1024));
    numbers.shrink(kept);
    EXPECT_EQ(numbers.size(), kept < 4096 ? 0u : 1024u);
  }
}

}  // namespace
}  // namespace pelton
