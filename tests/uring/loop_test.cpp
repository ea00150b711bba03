#include "uring/loop.hpp"

#include <gtest/gtest.h>

#include <string>

#include "uring/memory/memory_engine.hpp"

namespace pelton::uring {
namespace {

// Records the order of the loop's calls.
class Diary final : public Work {
 public:
  explicit Diary(Engine& engine) : engine_(engine) {}
  void settle(std::uint64_t seen) override {
    lines += "settle ";
    seen_ns = seen;
    if (nops_wanted > 0) {
      --nops_wanted;
      engine_.nop(Token(Operation::nop, 1, 1));
    }
  }
  std::uint64_t next_deadline_ns() const override { return deadline_ns; }
  void complete(std::span<const Completion> batch) override {
    lines += "complete " + std::to_string(batch.size()) + " ";
  }

  std::string lines;
  int nops_wanted = 0;
  std::uint64_t seen_ns = 0;
  std::uint64_t deadline_ns = 0;

 private:
  Engine& engine_;
};

TEST(Loop, a_turn_settles_then_collects_one_batch) {
  MemoryEngine engine;
  VirtualClock clock;
  Diary diary(engine);
  Loop loop(engine, clock, diary);
  diary.nops_wanted = 1;
  EXPECT_EQ(loop.turn({}), 1u);
  EXPECT_EQ(loop.turn({}), 0u);
  EXPECT_EQ(diary.lines, "settle complete 1 settle complete 0 ");
}

TEST(Loop, LIM_096_what_a_turn_took_is_flushed_before_more_is_taken) {
  constexpr std::size_t n = 2;  // as many as there are
  for (const std::size_t turn_completions_max : {n - 1, n, n + 1}) {
    MemoryEngine engine;
    VirtualClock clock;
    Diary diary(engine);
    Loop loop(engine, clock, diary, turn_completions_max);
    engine.nop(Token(Operation::nop, 1, 1));
    engine.nop(Token(Operation::nop, 1, 2));
    const bool all = turn_completions_max >= n;
    EXPECT_EQ(loop.turn({}), all ? 2u : 1u);
    EXPECT_EQ(loop.turn({}), all ? 0u : 1u);
    EXPECT_EQ(diary.lines, all ? "settle complete 2 settle complete 0 "
                               : "settle complete 1 settle complete 1 ");
  }
}

// Tests of the time with which deadlines are compared.
class LoopSeen : public testing::Test {
 protected:
  MemoryEngine engine_;
  VirtualClock clock_;
  Diary diary_{engine_};
  Loop loop_{engine_, clock_, diary_, 1};
};

TEST_F(LoopSeen, a_turn_that_finds_nothing_has_seen_all_until_its_wait_ended) {
  clock_.advance_ns(50);
  loop_.turn({});
  loop_.turn({});
  EXPECT_EQ(diary_.seen_ns, 50u);
  diary_.deadline_ns = 70;
  clock_.advance_ns(50);
  loop_.turn({});
  loop_.turn({});
  EXPECT_EQ(diary_.seen_ns, 100u);
}

TEST_F(LoopSeen, while_completions_are_left_behind_time_stands_still) {
  for (std::uint32_t slot = 0; slot < 3; ++slot) engine_.nop(Token(Operation::nop, 1, slot));
  clock_.advance_ns(50);
  for (int turn = 0; turn < 3; ++turn) {
    loop_.turn({});
    EXPECT_EQ(diary_.seen_ns, 0u) << turn;
  }
  loop_.turn({});
  EXPECT_EQ(diary_.seen_ns, 50u);
}

TEST_F(LoopSeen, a_loop_that_is_never_through_sees_what_came_before_it_fell_behind) {
  clock_.advance_ns(50);
  for (std::uint32_t slot = 0; slot < 100; ++slot) engine_.nop(Token(Operation::nop, 1, slot));
  loop_.turn({});
  for (int turn = 0; turn < 90; ++turn) {
    clock_.advance_ns(50);
    loop_.turn({});
  }
  EXPECT_GE(diary_.seen_ns, 50u);
  EXPECT_LT(diary_.seen_ns, clock_.now_ns());
}

}  // namespace
}  // namespace pelton::uring
