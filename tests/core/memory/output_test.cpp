#include "core/memory/output.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pelton {
namespace {

TEST(Output, grows_without_losing_an_octet_and_returns_every_block) {
  BlockPool pool;
  {
    Output output(pool);
    std::string expected;
    for (int i = 0; i < 100'000; ++i) {
      const std::string piece = std::to_string(i) + ",";
      output.append(piece);
      expected += piece;
    }
    EXPECT_EQ(output.view(), expected);
    EXPECT_EQ(pool.blocks_lent(), 1u);
    Output moved(std::move(output));
    EXPECT_EQ(moved.size(), expected.size());
    EXPECT_TRUE(output.empty());
  }
  EXPECT_EQ(pool.blocks_lent(), 0u);
}

TEST(BlockPool, PRC_044_knows_what_is_out_and_tells_of_more_than_is_watched_for) {
  for (const std::size_t watched : {3u * 4096 - 1, 3u * 4096, 3u * 4096 + 1}) {
    BlockPool pool;
    bool raised = false;
    pool.watch(watched, raised);
    const auto small = pool.lend(1);
    EXPECT_FALSE(raised);
    const auto larger = pool.lend(4097);
    EXPECT_EQ(pool.bytes_lent(), 3u * 4096);
    EXPECT_EQ(raised, watched < 3u * 4096);
    pool.give_back(larger);
    EXPECT_EQ(pool.bytes_lent(), 4096u);
    pool.give_back(small);
    EXPECT_EQ(pool.bytes_lent(), 0u);
  }
}

TEST(BlockPool, PRC_044_gives_back_what_it_kept) {
  BlockPool pool;
  const auto lent = pool.lend(1);
  pool.give_back(pool.lend(8192));
  pool.give_back(pool.lend(1));
  pool.trim();
  pool.trim();
  EXPECT_EQ(pool.bytes_lent(), 4096u);
  const auto again = pool.lend(8192);
  again.data[8191] = 'x';
  pool.give_back(again);
  pool.give_back(lent);
}

TEST(BlockPool, lends_the_block_given_back_last) {
  BlockPool pool;
  const auto first = pool.lend(5000);
  EXPECT_EQ(first.bytes, 8192u);
  pool.give_back(first);
  const auto second = pool.lend(8192);
  EXPECT_EQ(second.data, first.data);
  pool.give_back(second);
  const auto large = pool.lend(3 << 20);
  EXPECT_EQ(large.bytes, 4u << 20);
  pool.give_back(large);
  EXPECT_EQ(pool.blocks_lent(), 0u);
}

// More than any machine has.
constexpr std::size_t too_many = std::size_t{1} << 60;

TEST(BlockPool, PRC_036_without_memory_nothing_is_lent) {
  BlockPool pool;
  EXPECT_EQ(pool.lend(too_many).data, nullptr);
  EXPECT_EQ(pool.blocks_lent(), 0u);
  EXPECT_EQ(pool.bytes_lent(), 0u);
}

TEST(Output, PRC_036_without_memory_it_stays_as_it_is_and_says_so) {
  BlockPool pool;
  Output output(pool);
  output.append("ab");
  EXPECT_FALSE(output.has_failed());
  EXPECT_FALSE(output.make_room(too_many));
  EXPECT_EQ(output.reserve(too_many), nullptr);
  EXPECT_EQ(output.view(), "ab");
  EXPECT_TRUE(output.has_failed());
  Output other(pool);
  other.take(output);
  EXPECT_TRUE(other.has_failed());
  EXPECT_FALSE(output.has_failed());
  other.recover();
  EXPECT_TRUE(other.append("c"));
  EXPECT_EQ(other.view(), "abc");
  EXPECT_FALSE(other.has_failed());
}

TEST(BlockPool, gives_back_what_nobody_needs_after_a_burst) {
  BlockPool pool;
  std::vector<BlockPool::Block> burst;
  for (int count = 0; count < 64; ++count) burst.push_back(pool.lend(1 << 20));
  for (const BlockPool::Block& block : burst) pool.give_back(block);
  EXPECT_EQ(pool.trim_idle(), 0u);  // all blocks were needed since the last call
  std::size_t bytes = 0;
  for (int second = 0; second < 8; ++second) bytes += pool.trim_idle();
  EXPECT_EQ(bytes, std::size_t{64} << 20);
  EXPECT_EQ(pool.trim_idle(), 0u);
}

TEST(BlockPool, keeps_what_is_needed_again_and_again) {
  BlockPool pool;
  const auto use_three = [&pool] {
    std::vector<BlockPool::Block> blocks;
    for (int count = 0; count < 3; ++count) blocks.push_back(pool.lend(100'000));
    for (const BlockPool::Block& block : blocks) pool.give_back(block);
  };
  use_three();
  for (int second = 0; second < 10; ++second) {
    EXPECT_EQ(pool.trim_idle(), 0u);
    use_three();
  }
}

TEST(BlockPool, tells_of_large_blocks_that_went_straight_to_the_heap) {
  BlockPool pool;
  pool.give_back(pool.lend(3 << 20));
  EXPECT_EQ(pool.trim_idle(), std::size_t{4} << 20);
  EXPECT_EQ(pool.trim_idle(), 0u);
}

}  // namespace
}  // namespace pelton
