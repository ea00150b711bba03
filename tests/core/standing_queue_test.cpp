#include "core/standing_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

namespace pelton {
namespace {

// Each 10 ns `joins` members join and at most `leaves` leave, `times` times.
struct Timed {
  void pass(std::uint64_t joins, std::uint64_t leaves, std::uint64_t times) {
    for (; times != 0; --times) {
      now_ns += 10;
      joined += joins;
      left += std::min(leaves, joined - left);
      queue.look(now_ns, joined, left);
    }
  }

  StandingQueue queue{100};
  std::uint64_t now_ns = 0;
  std::uint64_t joined = 0;
  std::uint64_t left = 0;
};

TEST(StandingQueue, an_empty_one_keeps_nobody_waiting) {
  Timed timed;
  timed.pass(1, 1, 100);
  EXPECT_EQ(timed.queue.wait_ns(7), 0u);
}

TEST(StandingQueue, a_burst_that_drains_does_not_stand) {
  Timed timed;
  timed.pass(30, 0, 1);
  timed.pass(0, 1, 29);
  EXPECT_EQ(timed.queue.wait_ns(1), 0u);
}

TEST(StandingQueue, one_long_wait_does_not_make_it_stand) {
  Timed timed;
  timed.pass(5, 0, 1);
  timed.now_ns += 500;  // one member took long
  timed.pass(0, 5, 1);
  timed.pass(5, 0, 1);
  timed.pass(1, 1, 5);
  EXPECT_EQ(timed.queue.wait_ns(5), 0u);
}

TEST(StandingQueue, it_stands_while_every_member_waits_for_long) {
  Timed timed;
  timed.pass(20, 0, 1);
  timed.pass(1, 1, 15);
  EXPECT_EQ(timed.queue.wait_ns(20), 0u);
  timed.pass(1, 1, 25);
  EXPECT_EQ(timed.queue.wait_ns(20), 200u);
  EXPECT_EQ(timed.queue.wait_ns(40), 400u);
  // Twice as fast: each wait is half as long, and then the queue stands no more.
  timed.pass(2, 2, 40);
  EXPECT_EQ(timed.queue.wait_ns(20), 0u);
}

TEST(StandingQueue, it_ends_with_the_last_member) {
  Timed timed;
  timed.pass(20, 0, 1);
  timed.pass(1, 1, 50);
  EXPECT_GT(timed.queue.wait_ns(1), 0u);
  timed.pass(0, 20, 1);
  EXPECT_EQ(timed.queue.wait_ns(1), 0u);
}

}  // namespace
}  // namespace pelton
