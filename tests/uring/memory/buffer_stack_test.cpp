#include "uring/memory/buffer_stack.hpp"

#include <gtest/gtest.h>

namespace pelton::uring {
namespace {

TEST(BufferStack, lends_the_buffer_given_back_last) {
  BufferStack stack(4, 128);
  EXPECT_EQ(stack.lend(), 0);
  EXPECT_EQ(stack.lend(), 1);
  stack.give_back(0);
  EXPECT_EQ(stack.top(), 0);
  EXPECT_EQ(stack.leases_out(), 1u);
  EXPECT_EQ(stack.data(1) - stack.data(0), 128);
}

TEST(BufferStack, is_empty_when_all_are_lent) {
  BufferStack stack(2, 16);
  const BufferLease first(stack, stack.lend(), 16);
  EXPECT_FALSE(stack.empty());
  {
    const BufferLease second(stack, stack.lend(), 16);
    EXPECT_TRUE(stack.empty());
  }
  EXPECT_FALSE(stack.empty());
}

TEST(BufferStackDeath, ENG_014_giving_back_twice_is_our_bug) {
  BufferStack stack(2, 16);
  const BufferId id = stack.lend();
  stack.give_back(id);
  EXPECT_DEATH(stack.give_back(id), "lent_");
}

TEST(BufferStackDeath, the_count_is_a_power_of_two) {  // LIM-205
  EXPECT_DEATH(BufferStack(3, 16), "has_single_bit");
}

}  // namespace
}  // namespace pelton::uring
