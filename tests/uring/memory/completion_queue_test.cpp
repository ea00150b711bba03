#include "uring/memory/completion_queue.hpp"

#include <gtest/gtest.h>

#include <array>
#include <span>

namespace pelton::uring {
namespace {

TEST(CompletionQueue, keeps_the_order_across_partial_takes) {
  CompletionQueue queue;
  std::int32_t pushed = 0;
  std::int32_t taken = 0;
  std::array<Completion, 8> out;
  for (std::size_t round = 0; round < 200; ++round) {
    for (std::size_t count = round % 7; count > 0; --count) queue.push({.result = pushed++});
    const std::size_t taken_now = queue.take(std::span(out).first(round % 5));
    for (const Completion& completion : std::span(out).first(taken_now)) {
      EXPECT_EQ(completion.result, taken++);
    }
    EXPECT_EQ(queue.size(), static_cast<std::size_t>(pushed - taken));
  }
  while (!queue.empty()) taken += static_cast<std::int32_t>(queue.take(out));
  EXPECT_EQ(taken, pushed);
}

}  // namespace
}  // namespace pelton::uring
