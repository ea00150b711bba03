#include "core/ticket_keys.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

namespace pelton {
namespace {

constexpr std::uint64_t period_s = TicketKeys::period_s;

bool same(const std::optional<TicketKeys::Key>& one, const std::optional<TicketKeys::Key>& other) {
  return one && other && one->name == other->name && one->cipher == other->cipher &&
         one->authentication == other->authentication;
}

TEST(TicketKeys, TLS_001_a_key_is_used_for_one_period_and_understood_for_two) {
  TicketKeys keys;
  const auto first = keys.current(10);
  ASSERT_TRUE(first);
  EXPECT_TRUE(same(first, keys.current(period_s - 1)));
  EXPECT_TRUE(same(first, keys.named(first->name, 10)));
  const auto second = keys.current(period_s);
  ASSERT_TRUE(second);
  EXPECT_FALSE(same(first, second));
  EXPECT_TRUE(same(first, keys.named(first->name, period_s)));
  EXPECT_TRUE(same(second, keys.named(second->name, period_s)));
  ASSERT_TRUE(keys.current(2 * period_s));
  EXPECT_FALSE(keys.named(first->name, 2 * period_s));
  EXPECT_TRUE(keys.named(second->name, 2 * period_s));
}

TEST(TicketKeys, an_old_key_is_not_understood_even_if_no_newer_one_was_made) {
  TicketKeys keys;
  const auto first = keys.current(0);
  ASSERT_TRUE(first);
  EXPECT_TRUE(keys.named(first->name, period_s));
  EXPECT_FALSE(keys.named(first->name, 2 * period_s));
}

TEST(TicketKeys, keys_of_other_servers_are_unknown) {
  TicketKeys keys;
  TicketKeys others;
  const auto other = others.current(0);
  ASSERT_TRUE(keys.current(0) && other);
  EXPECT_FALSE(keys.named(other->name, 0));
}

TEST(TicketKeys, keys_are_random) {
  TicketKeys one;
  TicketKeys other;
  const auto first = one.current(0);
  const auto second = other.current(0);
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->cipher, second->cipher);
  EXPECT_NE(first->authentication, second->authentication);
  EXPECT_TRUE(std::ranges::any_of(first->cipher, [](unsigned char octet) { return octet != 0; }));
}

}  // namespace
}  // namespace pelton
