#include "http/serve/spool_space.hpp"

#include <gtest/gtest.h>

#include "http/serve/config.hpp"

namespace pelton::http {
namespace {

constexpr std::uint64_t mib = 1 << 20;

TEST(SpoolSpace, PRC_044_tells_memory_from_a_disk) {
  const auto shared = spool_space("/dev/shm");
  ASSERT_TRUE(shared);
  EXPECT_TRUE(shared->in_memory);
  const auto here = spool_space("/proc/self");
  ASSERT_TRUE(here);
  EXPECT_FALSE(here->in_memory);
  EXPECT_EQ(here->free_bytes, 0u);
  EXPECT_TRUE(spool_space());
  EXPECT_FALSE(spool_space("/nowhere"));
}

TEST(SpoolSpace, PRC_044_on_a_disk_it_is_a_share_of_half_of_what_is_free) {
  const SpoolSpace disk{.free_bytes = 1000 * mib};
  EXPECT_EQ(spooled_bytes_within(100 * mib, disk, 1), 500 * mib);
  EXPECT_EQ(spooled_bytes_within(100 * mib, disk, 4), 125 * mib);
  EXPECT_EQ(spooled_bytes_within(100 * mib, disk, 0), 500 * mib);
  EXPECT_EQ(buffered_bytes_within(100 * mib, disk), 100 * mib);
}

TEST(SpoolSpace, PRC_044_in_memory_buffers_and_bodies_share_it) {
  const SpoolSpace memory{.free_bytes = 1000 * mib, .in_memory = true};
  EXPECT_EQ(spooled_bytes_within(100 * mib, memory, 1), 50 * mib);
  EXPECT_EQ(buffered_bytes_within(100 * mib, memory), 50 * mib);
  EXPECT_EQ(spooled_bytes_within(100 * mib, memory, 20), 25 * mib);
  EXPECT_EQ(buffered_bytes_within(1, memory), 1u);
}

TEST(SpoolSpace, what_nobody_knows_bounds_nothing) {
  EXPECT_EQ(spooled_bytes_within(100 * mib, std::nullopt, 1), no_limit);
  EXPECT_EQ(buffered_bytes_within(100 * mib, std::nullopt), 100 * mib);
}

}  // namespace
}  // namespace pelton::http
