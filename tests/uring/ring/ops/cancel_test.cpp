#include "uring/ring/ops/cancel.hpp"

#include <gtest/gtest.h>

#include "tests/uring/ring/ring_fixture.hpp"

namespace pelton::uring {
namespace {

TEST_F(RingTest, ENG_037_cancel_of_nothing_is_ENOENT) {
  engine_->cancel(token(Operation::cancel), token(Operation::receive, 99));
  EXPECT_EQ(collect_one().result, -ENOENT);
}

TEST_F(RingTest, cancelled_receive_may_have_octets_first_but_ends_once) {
  SocketPair pair = make_pair();
  for (int round = 0; round < 50; ++round) {
    engine_->receive(token(Operation::receive), pair.server.get());
    write_all(pair.client.get(), "race");
    engine_->cancel(token(Operation::cancel), token(Operation::receive));
    int ends = 0;
    std::string octets;
    std::array<Completion, 8> batch;
    while (engine_->operations_in_flight() > 0) {
      const std::size_t count = engine_->turn(batch, monotonic_ns() + 5'000'000'000, {});
      ASSERT_GT(count, 0u);
      for (const Completion& completion : std::span(batch).first(count)) {
        if (completion.token.operation() != Operation::receive) continue;
        octets += take(completion);
        ends += completion.more ? 0 : 1;
      }
    }
    EXPECT_EQ(ends, 1);
    if (octets.empty()) octets = read_some(pair.server.get());
    EXPECT_EQ(octets, "race");
  }
}

}  // namespace
}  // namespace pelton::uring
