#include "uring/ring/set_up.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/uring/ring/ring_fixture.hpp"
#include "tests/uring/ring/strace.hpp"
#include "uring/ring/trial.hpp"

namespace pelton::uring {
namespace {

TEST_F(RingTest, ladder_ends_with_no_flags_at_all) {
  ASSERT_GE(set_up_ladder().size(), 2u);
  EXPECT_EQ(set_up_ladder().back(), 0u);
  EXPECT_EQ(engine_->submission_entries(), 256u);
  EXPECT_EQ(engine_->completion_entries(), 2048u);
}

// The flags that the engine requested. Newer libraries add IORING_SETUP_NO_SQARRAY (a ring without
// an array of submissions), which older headers lack.
std::uint32_t flags_asked_for(const RingEngine& engine) {
  constexpr std::uint32_t no_submission_array = 1u << 16;
  return engine.set_up_flags() & ~no_submission_array;
}

// Every rung of the ladder must support the whole engine.
void expect_rung(RingEngine& engine, std::size_t index) {
  EXPECT_EQ(flags_asked_for(engine), set_up_ladder()[index]);
  const std::vector<TrialStep> report = try_ring(engine);
  EXPECT_EQ(report.back().error, 0) << report.back().name;
}

TEST_F(RingTest, DISABLED_rung_1) {
  expect_rung(*engine_, 1);
}
TEST_F(RingTest, DISABLED_rung_2) {
  expect_rung(*engine_, 2);
}
TEST_F(RingTest, DISABLED_rung_3) {
  expect_rung(*engine_, 3);
}

// An operation that no file in uring/ring/ops prepares.
int foreign_operation(io_uring& ring) {
  io_uring_prep_fallocate(io_uring_get_sqe(&ring), -1, 0, 0, 1);
  io_uring_submit_and_wait(&ring, 1);
  io_uring_cqe* entry = nullptr;
  io_uring_peek_cqe(&ring, &entry);
  return entry == nullptr ? 0 : -entry->res;
}

TEST(StartRing, ENG_007_only_the_operations_of_this_engine_are_allowed) {
  auto set_up = set_up_ring(4, 16);
  if (!set_up) GTEST_SKIP() << "no io_uring here";
  ASSERT_TRUE(start_ring(set_up->ring));
  EXPECT_EQ(foreign_operation(set_up->ring), EACCES);
  io_uring_queue_exit(&set_up->ring);
}

TEST_F(RingTest, DISABLED_a_quarter_of_the_ring) {
  EXPECT_EQ(engine_->submission_entries(), 64u);
  EXPECT_EQ(engine_->completion_entries(), 512u);
  EXPECT_EQ(flags_asked_for(*engine_), set_up_ladder()[0]);
}

TEST_F(RingTest, DISABLED_half_of_the_buffers) {
  EXPECT_EQ(engine_->buffers().buffer_count(), 256u);
}

// A library that requests a ring without an array of submissions, and is refused, tries again with
// the array: then a rung takes two refusals.
bool is_reached(std::size_t rung) {
  const std::string test = "RingTest.DISABLED_rung_" + std::to_string(rung);
  for (const std::size_t refusals : {rung, 2 * rung}) {
    if (passes_under("io_uring_setup:error=EINVAL:when=1.." + std::to_string(refusals), test)) {
      return true;
    }
  }
  return false;
}

TEST(SetUpFaults, ENG_002_one_rung_down_for_every_EINVAL) {
  if (!strace_works()) GTEST_SKIP() << "strace is missing or may not trace";
  for (const std::size_t rung : {1u, 2u, 3u}) EXPECT_TRUE(is_reached(rung)) << rung;
}

TEST(SetUpFaults, ENG_042_smaller_while_memory_is_refused) {
  if (!strace_works()) GTEST_SKIP() << "strace is missing or may not trace";
  EXPECT_TRUE(passes_under("io_uring_setup:error=ENOMEM:when=1..2",
                           "RingTest.DISABLED_a_quarter_of_the_ring"));
  EXPECT_TRUE(passes_under("io_uring_register:error=ENOMEM:when=1",
                           "RingTest.DISABLED_half_of_the_buffers"));
}

}  // namespace
}  // namespace pelton::uring
