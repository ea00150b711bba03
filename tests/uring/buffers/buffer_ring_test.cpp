#include "uring/buffers/buffer_ring.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <set>

namespace pelton::uring {
namespace {

// An entry as the kernel reads it (struct io_uring_buf); the last field of the first is the tail.
struct KernelEntry {
  std::uint64_t address;
  std::uint32_t bytes;
  std::uint16_t id;
  std::uint16_t tail;
};

class BufferRingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto mapped = BufferRing::map(4, 256);
    ASSERT_TRUE(mapped);
    ring_ = std::move(*mapped);
  }
  const KernelEntry& entry(std::size_t index) const {
    return static_cast<const KernelEntry*>(ring_->ring_address())[index];
  }
  std::unique_ptr<BufferRing> ring_;
};

TEST_F(BufferRingTest, begins_with_every_buffer_published_once) {
  EXPECT_EQ(entry(0).tail, 4);
  std::set<std::uint16_t> ids;
  for (std::size_t index = 0; index < 4; ++index) {
    ids.insert(entry(index).id);
    EXPECT_EQ(entry(index).bytes, 256u);
    EXPECT_EQ(entry(index).address, reinterpret_cast<std::uintptr_t>(ring_->data(entry(index).id)));
  }
  EXPECT_EQ(ids, (std::set<std::uint16_t>{0, 1, 2, 3}));
  EXPECT_EQ(ring_->leases_out(), 0u);
}

TEST_F(BufferRingTest, what_is_given_back_is_published_in_one_step) {
  ring_->lend(2);
  ring_->lend(1);
  EXPECT_EQ(ring_->leases_out(), 2u);
  ring_->give_back(1);
  ring_->give_back(2);
  EXPECT_EQ(ring_->leases_out(), 0u);
  EXPECT_EQ(entry(0).tail, 4);
  ring_->publish();
  EXPECT_EQ(entry(0).tail, 6);
  // The buffer given back last, still warm in the cache, is filled first.
  EXPECT_EQ(entry(0).id, 2);
  EXPECT_EQ(entry(1).id, 1);
}

TEST_F(BufferRingTest, tail_wraps_with_its_type) {
  for (int round = 0; round < 70'000; ++round) {
    ring_->lend(3);
    ring_->give_back(3);
    ring_->publish();
  }
  EXPECT_EQ(entry(0).tail, static_cast<std::uint16_t>(70'004));
}

TEST_F(BufferRingTest, slab_is_readable_past_its_last_buffer) {
  volatile const char* end = ring_->data(3) + ring_->buffer_bytes();
  for (std::size_t index = 0; index < BufferRing::padding_bytes; ++index) EXPECT_EQ(end[index], 0);
}

using BufferRingDeathTest = BufferRingTest;

TEST_F(BufferRingDeathTest, ENG_014_a_buffer_is_given_back_exactly_once) {
  EXPECT_DEATH(ring_->give_back(0), "check failed");
  EXPECT_DEATH(ring_->give_back(4), "check failed");
  ring_->lend(0);
  EXPECT_DEATH(ring_->lend(0), "check failed");
  ring_->give_back(0);
  EXPECT_DEATH(ring_->give_back(0), "check failed");
}

TEST(BufferRing, map_refuses_what_no_memory_can_hold) {
  EXPECT_EQ(BufferRing::map(32768, std::size_t{1} << 42).error(), ENOMEM);
}

}  // namespace
}  // namespace pelton::uring
