#include "core/worker_wear.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace pelton {
namespace {

TEST(WorkerWear, without_limits_a_worker_serves_for_ever) {
  const WearLimits limits;
  EXPECT_FALSE(limits.any());
  const WorkerWear wear{.age_ms = 1u << 31, .requests = 1u << 31, .resident_bytes = 1u << 31};
  EXPECT_EQ(limits.reached_by(wear), "");
}

TEST(WorkerWear, requests) {
  const WearLimits limits{.requests_max = 100};
  EXPECT_TRUE(limits.any());
  EXPECT_EQ(limits.reached_by({.requests = 99}), "");
  EXPECT_EQ(limits.reached_by({.requests = 100}), "100 requests");
  EXPECT_EQ(limits.reached_by({.requests = 101}), "101 requests");
}

TEST(WorkerWear, memory) {
  const std::uint64_t n = 50 << 20;
  const WearLimits limits{.resident_bytes_max = n};
  EXPECT_TRUE(limits.any());
  EXPECT_EQ(limits.reached_by({.resident_bytes = n - 1}), "");
  EXPECT_EQ(limits.reached_by({.resident_bytes = n}), "50 MiB of memory");
}

TEST(WorkerWear, age) {
  const WearLimits limits{.age_ms_max = 3000};
  EXPECT_TRUE(limits.any());
  EXPECT_EQ(limits.reached_by({.age_ms = 2999}), "");
  EXPECT_EQ(limits.reached_by({.age_ms = 3000}), "3 s of service");
}

TEST(WorkerWear, jitter_adds_requests_up_to_its_own_number) {
  const WearLimits limits{.requests_max = 100, .requests_jitter = 10};
  EXPECT_EQ(limits.of_worker(0).requests_max, 100u);
  EXPECT_EQ(limits.of_worker(10).requests_max, 110u);
  EXPECT_EQ(limits.of_worker(11).requests_max, 100u);
  EXPECT_EQ(WearLimits{.requests_jitter = 10}.of_worker(5).requests_max, WearLimits::none);
}

}  // namespace
}  // namespace pelton
