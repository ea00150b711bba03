#include "core/worker_patience.hpp"

#include <gtest/gtest.h>

namespace pelton {
namespace {

constexpr std::uint64_t began_ms = 1'000'000;

TEST(WorkerPatience, LIM_092_worker_start_timeout_ms) {
  for (const std::uint64_t n : {1u, 60'000u}) {
    const WorkerPatience patience{
        .worker_start_timeout_ms = n, .watchdog_dump_ms = 1, .watchdog_kill_ms = 2};
    EXPECT_LT(began_ms + n - 1, patience.ready_by_ms(began_ms));
    EXPECT_EQ(began_ms + n, patience.ready_by_ms(began_ms));
    EXPECT_GT(began_ms + n + 1, patience.ready_by_ms(began_ms));
  }
}

TEST(WorkerPatience, PRC_034_watchdog_dump_ms) {
  const std::uint64_t n = 5000;
  const WorkerPatience patience{
      .worker_start_timeout_ms = 1, .watchdog_dump_ms = n, .watchdog_kill_ms = 30'000};
  EXPECT_EQ(patience.silence(began_ms, began_ms + n - 1), Silence::none);
  EXPECT_EQ(patience.silence(began_ms, began_ms + n), Silence::dump);
  EXPECT_EQ(patience.silence(began_ms, began_ms + n + 1), Silence::dump);
}

TEST(WorkerPatience, LIM_093_watchdog_kill_ms) {
  const std::uint64_t n = 30'000;
  const WorkerPatience patience{
      .worker_start_timeout_ms = 1, .watchdog_dump_ms = 5000, .watchdog_kill_ms = n};
  EXPECT_EQ(patience.silence(began_ms, began_ms + n - 1), Silence::dump);
  EXPECT_EQ(patience.silence(began_ms, began_ms + n), Silence::ended);
  EXPECT_EQ(patience.silence(began_ms, began_ms + n + 1), Silence::ended);
}

TEST(WorkerPatience, PRC_017_LIM_090_who_ends_unasked_has_the_time_of_a_stop) {
  for (const std::uint64_t n : {0u, 30'000u}) {
    const WorkerPatience patience{.worker_start_timeout_ms = 1,
                                  .watchdog_dump_ms = 1,
                                  .watchdog_kill_ms = 2,
                                  .graceful_timeout_ms = n};
    EXPECT_EQ(patience.gone_by_ms(began_ms), began_ms + n + 1000);
  }
}

// How many restarts at one moment are immediate.
std::uint64_t quick_restarts(std::uint64_t burst) {
  RestartWindow window(burst, 10'000);
  std::uint64_t count = 0;
  while (window.start_at_ms(began_ms) == began_ms) ++count;
  return count;
}

TEST(RestartWindow, LIM_094_worker_restarts_burst) {
  const std::uint64_t worker_restarts_burst = 5;
  EXPECT_EQ(quick_restarts(worker_restarts_burst - 1), 4u);
  EXPECT_EQ(quick_restarts(worker_restarts_burst), 5u);
  EXPECT_EQ(quick_restarts(worker_restarts_burst + 1), 6u);
  EXPECT_EQ(quick_restarts(0), 0u);
}

// Whether a restart is immediate `since_ms` after one that used up the burst.
bool quick_after(std::uint64_t window_ms, std::uint64_t since_ms) {
  RestartWindow window(1, window_ms);
  window.start_at_ms(began_ms);
  return window.start_at_ms(began_ms + since_ms) == began_ms + since_ms;
}

TEST(RestartWindow, LIM_094_worker_restarts_window_ms) {
  const std::uint64_t worker_restarts_window_ms = 10'000;
  EXPECT_FALSE(quick_after(worker_restarts_window_ms, worker_restarts_window_ms - 1));
  EXPECT_TRUE(quick_after(worker_restarts_window_ms, worker_restarts_window_ms));
  EXPECT_TRUE(quick_after(worker_restarts_window_ms, worker_restarts_window_ms + 1));
}

TEST(RestartWindow, LIM_094_beyond_the_burst_one_starts_a_second) {
  RestartWindow window(1, 10'000);
  EXPECT_EQ(window.start_at_ms(began_ms), began_ms);
  EXPECT_FALSE(window.crowded());
  EXPECT_EQ(window.start_at_ms(began_ms), began_ms + 1000);
  EXPECT_TRUE(window.crowded());
  EXPECT_EQ(window.start_at_ms(began_ms), began_ms + 2000);
  EXPECT_EQ(window.count(), 3u);
}

}  // namespace
}  // namespace pelton
