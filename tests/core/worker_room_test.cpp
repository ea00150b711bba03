#include "core/worker_room.hpp"

#include <gtest/gtest.h>

namespace pelton {
namespace {

TEST(WorkerRoom, PRC_006_as_many_workers_may_be_added_as_there_are_and_at_most_eight) {
  EXPECT_EQ(slots_for(1), 2u);
  EXPECT_EQ(slots_for(7), 14u);
  EXPECT_EQ(slots_for(8), 16u);
  EXPECT_EQ(slots_for(9), 17u);
}

TEST(WorkerRoom, there_are_banks_for_several_generations) {
  EXPECT_EQ(banks_for(1), 16u);
  EXPECT_EQ(banks_for(2), 16u);
  EXPECT_EQ(banks_for(3), 24u);
  EXPECT_GE(banks_for(1024), 3 * slots_for(1024));
}

}  // namespace
}  // namespace pelton
