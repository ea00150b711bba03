#include "http/serve/sessions/turn_slice.hpp"

#include <gtest/gtest.h>

#include "../read_clock.hpp"

namespace pelton::http {
namespace {

// How many requests, each of which takes so long, a slice of this turn has.
int requests_in_slice(TurnSlice& slice, std::uint32_t turn, ReadClock& clock,
                      std::uint64_t request_ns) {
  int requests = 0;
  do {
    ++requests;
    clock.pass_ns(request_ns);
  } while (!slice.is_over(turn, 0, clock));
  return requests;
}

TEST(TurnSlice, ENG_016_ends_after_so_many_requests) {
  TurnSlice slice;
  ReadClock clock;
  EXPECT_EQ(requests_in_slice(slice, 1, clock, 10), TurnSlice::requests_max);
}

TEST(TurnSlice, ENG_016_ends_after_so_much_time) {
  TurnSlice slice;
  ReadClock clock;
  // The clock is read behind the first one, which may have taken any time.
  EXPECT_EQ(requests_in_slice(slice, 1, clock, TurnSlice::time_ns_max), 2);
  EXPECT_EQ(requests_in_slice(slice, 2, clock, TurnSlice::time_ns_max / 2), 3);
}

TEST(TurnSlice, time_before_the_slice_counts_if_the_loop_looked_at_the_clock) {
  TurnSlice slice;
  ReadClock clock;
  const std::uint64_t served_since_ns = clock.read_ns();
  clock.pass_ns(TurnSlice::time_ns_max);
  EXPECT_TRUE(slice.is_over(1, served_since_ns, clock));
}

TEST(TurnSlice, begins_anew_in_each_turn_and_stays_over_within_one) {
  TurnSlice slice;
  ReadClock clock;
  requests_in_slice(slice, 1, clock, 10);
  EXPECT_TRUE(slice.is_over(1, 0, clock));
  EXPECT_EQ(requests_in_slice(slice, 2, clock, 10), TurnSlice::requests_max);
}

}  // namespace
}  // namespace pelton::http
