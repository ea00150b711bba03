#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <array>

namespace pelton::support {
namespace {

TEST(SeededRandom, ENG_060_a_seed_is_a_whole_story) {
  SeededRandom first(7);
  SeededRandom second(7);
  SeededRandom other(8);
  bool differs = false;
  for (int draw = 0; draw < 100; ++draw) {
    const std::uint64_t drawn = first.next();
    EXPECT_EQ(drawn, second.next());
    differs = differs || drawn != other.next();
  }
  EXPECT_TRUE(differs);
}

TEST(SeededRandom, a_tape_decides_an_octet_at_a_time_and_then_nothing_happens) {
  constexpr std::array<std::uint8_t, 4> tape = {0x00, 0x7F, 0x81, 0x05};
  SeededRandom random(tape);
  EXPECT_TRUE(random.chance(0.01));
  EXPECT_FALSE(random.chance(0));  // costs no octet
  EXPECT_TRUE(random.chance(0.5));
  EXPECT_FALSE(random.chance(0.5));
  EXPECT_EQ(random.below(256), 5u);
  for (int draw = 0; draw < 100; ++draw) EXPECT_FALSE(random.chance(0.99));
}

}  // namespace
}  // namespace pelton::support
