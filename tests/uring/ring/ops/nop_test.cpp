#include "uring/ring/ops/nop.hpp"

#include <gtest/gtest.h>

#include "tests/uring/ring/ring_fixture.hpp"

namespace pelton::uring {
namespace {

TEST_F(RingTest, nop_completes_with_its_token) {
  engine_->nop(token(Operation::nop, 7));
  EXPECT_EQ(engine_->operations_in_flight(), 1u);
  const Completion completion = collect_one();
  EXPECT_EQ(completion.token, token(Operation::nop, 7));
  EXPECT_EQ(completion.result, 0);
  EXPECT_FALSE(completion.more);
}

}  // namespace
}  // namespace pelton::uring
