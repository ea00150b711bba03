#include "uring/ring/ops/poll.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include "tests/uring/ring/ring_fixture.hpp"

namespace pelton::uring {
namespace {

TEST_F(RingTest, poll_reports_the_events_that_are_ready) {
  SocketPair pair = make_pair();
  engine_->poll(token(Operation::poll), pair.server.get(), POLLIN);
  write_all(pair.client.get(), "x");
  EXPECT_EQ(collect_one().result & POLLIN, POLLIN);
  engine_->poll(token(Operation::poll), pair.server.get(), POLLOUT);
  EXPECT_EQ(collect_one().result & POLLOUT, POLLOUT);
}

}  // namespace
}  // namespace pelton::uring
