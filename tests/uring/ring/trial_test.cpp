#include "uring/ring/trial.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/uring/ring/ring_fixture.hpp"

namespace pelton::uring {
namespace {

TEST_F(RingTest, ENG_002_trial_makes_every_operation_once_and_leaves_nothing) {
  const std::vector<TrialStep> report = try_ring(*engine_);
  std::string names;
  for (const TrialStep& step : report) {
    EXPECT_EQ(step.error, 0) << step.name;
    names.append(step.name).append(" ");
  }
  EXPECT_EQ(names, "nop timeout accept receive send poll cancel close ");
  EXPECT_EQ(engine_->operations_in_flight(), 0u);
  EXPECT_EQ(engine_->buffers().leases_out(), 0u);
}

TEST_F(RingTest, trial_passes_on_the_smallest_ring) {
  open({.receive_buffer_count = 1,
        .receive_buffer_bytes = 64,
        .submission_entries = 1,
        .completion_entries = 2});
  const std::vector<TrialStep> report = try_ring(*engine_);
  EXPECT_EQ(report.back().error, 0) << report.back().name;
}

// Descriptors run out: the trial reports the step, and operations in flight end with the ring.
TEST_F(RingTest, trial_stops_at_the_first_step_that_fails) {
  rlimit old_limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old_limit), 0);
  rlimit none = old_limit;
  none.rlim_cur = 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const std::vector<TrialStep> report = try_ring(*engine_);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old_limit), 0);
  EXPECT_EQ(report.back().name, "accept");
  EXPECT_EQ(report.back().error, EMFILE);
}

}  // namespace
}  // namespace pelton::uring
