#include "core/intrusive_list.hpp"

#include <gtest/gtest.h>

namespace pelton {
namespace {

struct Item : ListNode {
  explicit Item(int number) : value(number) {}
  int value;
};

TEST(IntrusiveList, keeps_order_and_removes_from_the_middle) {
  IntrusiveList<Item> list;
  Item first(1), second(2), third(3);
  list.push_back(first);
  list.push_back(second);
  list.push_back(third);
  second.unlink();
  EXPECT_FALSE(second.linked());
  EXPECT_EQ(list.pop_front()->value, 1);
  EXPECT_EQ(list.pop_front()->value, 3);
  EXPECT_EQ(list.pop_front(), nullptr);
  EXPECT_TRUE(list.empty());
}

void join_two_lists() {
  IntrusiveList<Item> list;
  IntrusiveList<Item> other;
  Item item(1);
  list.push_back(item);
  other.push_back(item);
}

TEST(IntrusiveListDeathTest, a_member_is_in_one_list_only) {
  EXPECT_DEATH(join_two_lists(), "check failed");
}

}  // namespace
}  // namespace pelton
