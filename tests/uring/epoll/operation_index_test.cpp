#include "uring/epoll/operation_index.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>

#include "tests/support/seeded_random.hpp"

namespace pelton::uring {
namespace {

TEST(OperationIndex, an_empty_index_knows_no_token) {
  OperationIndex index;
  EXPECT_EQ(index.find(Token(Operation::send, 1, 2)), -1);
  index.drop(Token(Operation::send, 1, 2));
  EXPECT_EQ(index.size(), 0u);
}

TEST(OperationIndex, a_token_put_in_again_has_its_last_descriptor) {
  OperationIndex index;
  const Token token(Operation::receive, 3, 4);
  index.put(token, 7);
  index.put(token, 8);
  EXPECT_EQ(index.find(token), 8);
  EXPECT_EQ(index.size(), 1u);
  index.drop(token);
  EXPECT_EQ(index.find(token), -1);
  EXPECT_EQ(index.size(), 0u);
}

// Tokens that differ only in operation, generation or slot, put in and dropped in any order.
TEST(OperationIndex, agrees_with_a_map_through_any_puts_and_drops) {
  OperationIndex index;
  std::map<std::uint64_t, Descriptor> known;
  support::SeededRandom random(20);
  for (int step = 0; step < 20'000; ++step) {
    const auto operation = static_cast<Operation>(2 + random.below(3));
    const Token token(operation, static_cast<std::uint32_t>(random.below(3)),
                      static_cast<std::uint32_t>(random.below(200)));
    if (random.below(2) == 0) {
      index.put(token, step);
      known[token.bits()] = step;
    } else {
      index.drop(token);
      known.erase(token.bits());
    }
    ASSERT_EQ(index.size(), known.size());
    const auto found = known.find(token.bits());
    ASSERT_EQ(index.find(token), found == known.end() ? -1 : found->second);
  }
  for (const auto& [bits, descriptor] : known) ASSERT_EQ(index.find(Token(bits)), descriptor);
}

}  // namespace
}  // namespace pelton::uring
