#include "http/serve/turn_queue.hpp"

#include <gtest/gtest.h>

namespace pelton::http {
namespace {

using uring::Operation;
using uring::Token;

TEST(TurnQueue, first_come_first_served) {
  const Token one(Operation::none, 1, 1);
  const Token other(Operation::none, 1, 2);
  TurnQueue queue;
  EXPECT_TRUE(queue.empty());
  queue.join(one, 10);
  queue.join(other, 20);
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue.seen_ns(), 10u);
  EXPECT_EQ(queue.take_first(), one);
  EXPECT_EQ(queue.seen_ns(), 20u);
  queue.join(one, 30);
  EXPECT_EQ(queue.take_first(), other);
  EXPECT_EQ(queue.take_first(), one);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.joined(), 3u);
  EXPECT_EQ(queue.left(), 3u);
}

}  // namespace
}  // namespace pelton::http
