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

TEST(TurnQueue, a_long_one_keeps_its_order) {
  TurnQueue queue;
  std::uint32_t next = 0;
  std::uint32_t last = 0;
  // It grows while its beginning lies anywhere.
  for (const std::uint32_t count : {40u, 50u, 100u, 1000u}) {
    for (std::uint32_t index = 0; index < count; ++index) {
      ++last;
      queue.join(Token(Operation::none, 1, last), last);
    }
    for (std::uint32_t index = 0; index < count / 2; ++index) {
      EXPECT_EQ(queue.seen_ns(), ++next);
      EXPECT_EQ(queue.take_first().slot(), next);
    }
  }
  while (!queue.empty()) EXPECT_EQ(queue.take_first().slot(), ++next);
  EXPECT_EQ(next, last);
}

TEST(CountUntilLook, half_of_what_is_left_by_what_was_done) {
  EXPECT_EQ(count_until_look(10, 100, 200), 4u);
  EXPECT_EQ(count_until_look(1, 199, 200), 1u);
  EXPECT_EQ(count_until_look(1, 0, 200), 16u);
}

TEST(WaitingReceives, leave_in_the_order_in_which_they_came) {
  BlockPool blocks;
  WaitingReceives waiting;
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(waiting.empty());
    for (const std::string_view text : {"one", "two"}) {
      Output octets(blocks);
      octets.append(text);
      waiting.add({}, std::move(octets));
    }
    EXPECT_EQ(waiting.size(), 2u);
    EXPECT_EQ(waiting.take_first().octets.view(), "one");
    EXPECT_EQ(waiting.take_first().octets.view(), "two");
  }
}

}  // namespace
}  // namespace pelton::http
