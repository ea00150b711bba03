#include "core/stats_segment.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pelton {
namespace {

StatsSegment made(std::uint32_t banks) {
  auto segment = StatsSegment::create(banks);
  EXPECT_TRUE(segment.has_value());
  return std::move(*segment);
}

TEST(StatsSegment, OBS_005_totals_are_over_all_banks) {
  StatsSegment segment = made(3);
  EXPECT_EQ(segment.bank_count(), 3u);
  for (std::uint32_t bank = 0; bank < 3; ++bank) {
    Stats stats(segment.bank(bank));
    stats.count(Reason::refused_line_bare_lf, bank + 1);
    stats.count(Reason::engine_cq_overflow, 10 * bank);
  }
  EXPECT_EQ(segment.total(Reason::refused_line_bare_lf), 6u);
  EXPECT_EQ(segment.total(Reason::engine_cq_overflow), 30u);
  EXPECT_EQ(segment.total(Reason::refused_line_bare_cr), 0u);
}

// OBS-005: the counters of a killed worker stay, and its successor continues from them.
TEST(StatsSegment, OBS_005_totals_survive_the_death_of_a_process) {
  StatsSegment segment = made(2);
  for (std::uint64_t generation = 1; generation <= 3; ++generation) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto attached = StatsSegment::attach(::dup(segment.descriptor()));
      if (!attached) ::_exit(1);
      Stats stats(attached->bank(1));
      stats.count(Reason::closed_by_peer, 5);
      ::raise(SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(segment.total(Reason::closed_by_peer), 5 * generation);
  }
}

TEST(StatsSegment, only_a_segment_of_this_build_is_attached_to) {
  EXPECT_FALSE(StatsSegment::attach(-1).has_value());
  const int empty = ::memfd_create("test", MFD_CLOEXEC);
  EXPECT_FALSE(StatsSegment::attach(empty).has_value());
  ASSERT_EQ(::ftruncate(empty, 4096), 0);
  EXPECT_FALSE(StatsSegment::attach(empty).has_value());
  ::close(empty);
  StatsSegment segment = made(1);
  const int copy = ::dup(segment.descriptor());
  const auto attached = StatsSegment::attach(copy);
  ASSERT_TRUE(attached.has_value());
  EXPECT_EQ(attached->bank_count(), 1u);
  EXPECT_NE(::ftruncate(copy, 64), 0) << "its size is sealed";
}

}  // namespace
}  // namespace pelton
