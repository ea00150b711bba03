#include "uring/ring/ops/accept.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "tests/uring/ring/ring_fixture.hpp"

namespace pelton::uring {
namespace {

TEST_F(RingTest, multishot_accept_takes_a_burst_in_blocking_mode_and_close_on_exec) {
  LoopbackListener listener;
  engine_->accept(token(Operation::accept), listener.get());
  std::vector<OwnedDescriptor> clients;
  for (int index = 0; index < 100; ++index) clients.push_back(listener.connect());
  for (const Completion& completion : collect(100)) {
    ASSERT_GE(completion.result, 0);
    EXPECT_TRUE(completion.more);
    const OwnedDescriptor accepted(completion.result);
    EXPECT_EQ(::fcntl(accepted.get(), F_GETFL) & O_NONBLOCK, 0);  // ENG-025
    EXPECT_NE(::fcntl(accepted.get(), F_GETFD) & FD_CLOEXEC, 0);  // ENG-051
  }
  engine_->cancel(token(Operation::cancel), token(Operation::accept));
  for (const Completion& completion : collect(2)) {
    EXPECT_EQ(completion.result,
              completion.token.operation() == Operation::cancel ? 0 : -ECANCELED);
  }
}

// Every pelton listener is non-blocking, because an epoll engine may share it.
TEST_F(RingTest, ENG_025_accept_waits_on_a_non_blocking_listener_too) {
  LoopbackListener listener;
  ASSERT_EQ(::fcntl(listener.get(), F_SETFL, O_NONBLOCK), 0);
  engine_->accept(token(Operation::accept), listener.get());
  std::array<Completion, 1> batch;
  EXPECT_EQ(engine_->turn(batch, 0, {}), 0u);
  OwnedDescriptor client = listener.connect();
  const Completion completion = collect_one();
  ASSERT_GE(completion.result, 0);
  const OwnedDescriptor accepted(completion.result);
  EXPECT_EQ(::fcntl(accepted.get(), F_GETFL) & O_NONBLOCK, 0);
  engine_->cancel(token(Operation::cancel), token(Operation::accept));
  collect(2);
}

}  // namespace
}  // namespace pelton::uring
