#include "core/listener_shares.hpp"

#include <gtest/gtest.h>

namespace pelton {
namespace {

using Shares = std::vector<std::vector<int>>;

TEST(ListenerShares, PRC_020_every_socket_has_a_worker) {
  const Shares first{{5}, {6}, {7}};
  EXPECT_EQ(listener_shares(first, 3), first);
  EXPECT_EQ(listener_shares(first, 2), (Shares{{5, 7}, {6}}));
  EXPECT_EQ(listener_shares(first, 1), (Shares{{5, 6, 7}}));
}

TEST(ListenerShares, further_workers_share_sockets) {
  EXPECT_EQ(listener_shares({{5}}, 2), (Shares{{5}, {5}}));
  EXPECT_EQ(listener_shares({{5}, {6}}, 5), (Shares{{5}, {6}, {5}, {6}, {5}}));
}

TEST(ListenerShares, a_socket_that_all_share_stays_one) {
  EXPECT_EQ(listener_shares({{5, 6}, {5, 6}}, 1), (Shares{{5, 6}}));
  EXPECT_EQ(listener_shares({{5, 6}, {5, 6}}, 3), (Shares{{5, 6}, {5, 6}, {5, 6}}));
}

TEST(ListenerShares, who_shares) {
  const Shares shares{{5}, {6, 7}, {5}};
  EXPECT_TRUE(shares_listener(shares, 0));
  EXPECT_FALSE(shares_listener(shares, 1));
  EXPECT_TRUE(shares_listener(shares, 2));
}

TEST(ListenerShares, a_worker_without_sockets_stays_without) {
  EXPECT_EQ(listener_shares({{}, {}}, 3), (Shares{{}, {}, {}}));
}

}  // namespace
}  // namespace pelton
