#include "uring/loop.hpp"

#include <gtest/gtest.h>

#include <string>

#include "uring/memory/memory_engine.hpp"

namespace pelton::uring {
namespace {

// Writes down the order in which the loop calls.
class Diary final : public Work {
 public:
  explicit Diary(Engine& engine) : engine_(engine) {}
  void settle() override {
    lines += "settle ";
    if (nops_wanted > 0) {
      --nops_wanted;
      engine_.nop(Token(Operation::nop, 1, 1));
    }
  }
  std::uint64_t next_deadline_ns() const override { return 0; }
  void complete(std::span<const Completion> batch) override {
    lines += "complete " + std::to_string(batch.size()) + " ";
  }

  std::string lines;
  int nops_wanted = 0;

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

}  // namespace
}  // namespace pelton::uring
