#include "uring/buffers/buffer_lease.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace pelton::uring {
namespace {

class TwoBuffers final : public ReceiveBuffers {
 public:
  TwoBuffers() : ReceiveBuffers(2, 8) {
    slab_ = memory_.data();
    lend(0);
    lend(1);
  }
  std::vector<BufferId> given_back() const { return {idle_.get(), idle_.get() + idle_count_}; }

 private:
  std::array<char, 16> memory_{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k'};
};

TEST(BufferLease, views_the_octets_of_its_buffer) {
  TwoBuffers buffers;
  EXPECT_EQ(BufferLease(buffers, 0, 8).view(), "abcdefgh");
  EXPECT_EQ(BufferLease(buffers, 1, 3).view(), "ijk");
  EXPECT_EQ(buffers.leases_out(), 0u);
}

TEST(BufferLease, ENG_014_giving_back_what_is_not_lent_is_a_defect) {
  TwoBuffers buffers;
  buffers.give_back(1);
  EXPECT_EQ(buffers.leases_out(), 1u);
  EXPECT_DEATH(buffers.give_back(1), "lent_");
  EXPECT_DEATH(buffers.give_back(2), "buffer_count_");
}

TEST(BufferLease, ENG_014_gives_back_once_when_it_dies) {
  TwoBuffers buffers;
  {
    BufferLease lease(buffers, 1, 3);
    EXPECT_TRUE(lease);
    EXPECT_TRUE(buffers.given_back().empty());
  }
  EXPECT_EQ(buffers.given_back(), std::vector<BufferId>{1});
}

TEST(BufferLease, gives_back_early_when_told_and_never_again) {
  TwoBuffers buffers;
  BufferLease lease(buffers, 0, 8);
  lease.give_back();
  EXPECT_FALSE(lease);
  lease.give_back();
  EXPECT_EQ(buffers.given_back(), std::vector<BufferId>{0});
}

TEST(BufferLease, moves_leave_one_owner) {
  TwoBuffers buffers;
  {
    BufferLease first(buffers, 0, 8);
    BufferLease second(std::move(first));
    EXPECT_FALSE(first);
    EXPECT_EQ(second.view(), "abcdefgh");
    BufferLease third(buffers, 1, 3);
    third = std::move(second);
    EXPECT_EQ(buffers.given_back(), std::vector<BufferId>{1});
    EXPECT_EQ(third.view(), "abcdefgh");
  }
  EXPECT_EQ(buffers.given_back(), (std::vector<BufferId>{1, 0}));
}

}  // namespace
}  // namespace pelton::uring
