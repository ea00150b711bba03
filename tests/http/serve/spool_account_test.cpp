#include "http/serve/spool_account.hpp"

#include <gtest/gtest.h>

#include "http/serve/config.hpp"

namespace pelton::http {
namespace {

TEST(SpoolAccount, gives_room_up_to_its_bound_and_again_what_was_given_back) {
  SpoolAccount account(10);
  EXPECT_TRUE(account.take(9));
  EXPECT_FALSE(account.take(2));
  EXPECT_TRUE(account.take(1));
  EXPECT_FALSE(account.take(1));
  EXPECT_EQ(account.bytes(), 10u);
  account.give_back(9);
  EXPECT_TRUE(account.take(9));
  EXPECT_FALSE(account.take(11));
  EXPECT_EQ(account.bytes(), 10u);
}

TEST(SpoolAccount, without_a_bound_there_is_room) {
  SpoolAccount account(no_limit);
  EXPECT_TRUE(account.take(std::uint64_t{1} << 62));
  EXPECT_TRUE(account.take(std::uint64_t{1} << 62));
}

}  // namespace
}  // namespace pelton::http
