#include "uring/epoll/readiness.hpp"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace pelton::uring {
namespace {

class ReadinessTest : public ::testing::Test {
 protected:
  ~ReadinessTest() override { ::close(event_); }

  Readiness readiness_ = *Readiness::open();
  int event_ = ::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
  std::array<epoll_event, 4> events_{};
};

TEST_F(ReadinessTest, names_the_descriptor_and_what_it_is_ready_for) {
  ASSERT_EQ(readiness_.watch(event_, EPOLLIN, false), 0);
  ASSERT_EQ(readiness_.poll(events_), 1);
  EXPECT_EQ(events_[0].data.fd, event_);
  EXPECT_EQ(events_[0].events, static_cast<std::uint32_t>(EPOLLIN));
}

TEST_F(ReadinessTest, a_wrong_guess_costs_a_call_but_works) {
  EXPECT_EQ(readiness_.watch(event_, EPOLLIN, true), 0);
  EXPECT_EQ(readiness_.watch(event_, EPOLLOUT, false), 0);
  ASSERT_EQ(readiness_.poll(events_), 1);
  EXPECT_EQ(events_[0].events, static_cast<std::uint32_t>(EPOLLOUT));
}

TEST_F(ReadinessTest, forgets) {
  ASSERT_EQ(readiness_.watch(event_, EPOLLIN, false), 0);
  readiness_.forget(event_);
  EXPECT_EQ(readiness_.poll(events_), 0);
  readiness_.forget(event_);
}

TEST_F(ReadinessTest, a_wait_ends_with_its_time_or_the_first_event) {
  EXPECT_EQ(readiness_.wait(events_, 1), 0);
  EXPECT_EQ(readiness_.wait(events_, 1'500'000), 0);
  ASSERT_EQ(readiness_.watch(event_, EPOLLIN, false), 0);
  EXPECT_EQ(readiness_.wait(events_, no_deadline), 1);
  EXPECT_EQ(readiness_.wait(events_, no_deadline - 1), 1);
}

TEST_F(ReadinessTest, says_why_a_descriptor_cannot_be_watched) {
  EXPECT_EQ(readiness_.watch(-1, EPOLLIN, false), EBADF);
}

}  // namespace
}  // namespace pelton::uring
