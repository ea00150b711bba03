#include "core/memory/output.hpp"

#include <gtest/gtest.h>

#include <string>

namespace noria {
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

}  // namespace
}  // namespace noria
