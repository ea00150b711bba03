#include "core/memory/slab.hpp"

#include <gtest/gtest.h>

namespace pelton {
namespace {

struct Tenant {
  Tenant(Slab<Tenant>::Place where, int number) : place(where), value(number) {}
  Slab<Tenant>::Place place;
  int value;
};

TEST(Slab, a_late_reference_to_a_former_tenant_finds_nothing) {
  Slab<Tenant> slab(100);
  const auto before = slab.emplace(1).place;
  EXPECT_EQ(slab.find(before.slot, before.generation)->value, 1);
  slab.erase(before.slot);
  EXPECT_EQ(slab.find(before.slot, before.generation), nullptr);
  const auto after = slab.emplace(2).place;
  EXPECT_EQ(after.slot, before.slot);
  EXPECT_NE(after.generation, before.generation);
  EXPECT_EQ(slab.find(before.slot, before.generation), nullptr);
  slab.erase(after.slot);
  EXPECT_EQ(slab.live(), 0u);
}

TEST(Slab, tenants_stay_where_they_are_while_it_grows_to_its_bound) {
  Slab<Tenant> slab(1000);
  Tenant* first = &slab.emplace(0);
  for (int i = 1; i < 1000; ++i) slab.emplace(i);
  EXPECT_TRUE(slab.full());
  EXPECT_EQ(slab.find(first->place.slot, first->place.generation), first);
  EXPECT_EQ(slab.find(5000, 1), nullptr);
  int sum = 0;
  slab.for_each([&](Tenant& tenant) { sum += tenant.value; });
  EXPECT_EQ(sum, 999 * 1000 / 2);
  for (std::uint32_t slot = 0; slot < 1000; ++slot) slab.erase(slot);
  EXPECT_FALSE(slab.full());
}

}  // namespace
}  // namespace pelton
