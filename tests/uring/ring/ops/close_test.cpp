#include "uring/ring/ops/close.hpp"

#include <gtest/gtest.h>

#include "tests/uring/ring/ring_fixture.hpp"

namespace pelton::uring {
namespace {

TEST_F(RingTest, close_ends_the_connection) {
  SocketPair pair = make_pair();
  engine_->close(token(Operation::close), pair.server.release());
  EXPECT_EQ(collect_one().result, 0);
  EXPECT_EQ(read_some(pair.client.get()), "");
}

}  // namespace
}  // namespace pelton::uring
