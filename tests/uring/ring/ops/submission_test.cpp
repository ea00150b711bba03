#include "uring/ring/ops/submission.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace pelton::uring::ops {
namespace {

TEST(Submission, nothing_of_the_last_lap_stays) {
  io_uring_sqe entry;
  std::memset(&entry, 0xFF, sizeof entry);
  const Token token(Operation::poll, 5, 9);
  begin(entry, IORING_OP_POLL_ADD, 7, token);
  io_uring_sqe expected{};
  expected.opcode = IORING_OP_POLL_ADD;
  expected.fd = 7;
  expected.user_data = token.bits();
  EXPECT_EQ(std::memcmp(&entry, &expected, sizeof entry), 0);
}

// operation 8 bits, generation 24, slot 32
TEST(Submission, ENG_010_token_is_operation_generation_slot) {
  io_uring_sqe entry;
  begin(entry, IORING_OP_NOP, -1, Token(static_cast<Operation>(0xAB), 0xCDEF01, 0x23456789));
  EXPECT_EQ(entry.user_data, 0xABCD'EF01'2345'6789u);
  const Token back(entry.user_data);
  EXPECT_EQ(static_cast<int>(back.operation()), 0xAB);
  EXPECT_EQ(back.generation(), 0xCDEF01u);
  EXPECT_EQ(back.slot(), 0x23456789u);
}

TEST(Submission, ENG_010_a_generation_never_spills_into_the_operation) {
  const Token token(Operation::send, Token::generation_max + 1, 0);
  EXPECT_EQ(token.operation(), Operation::send);
  EXPECT_EQ(token.generation(), 0u);
}

}  // namespace
}  // namespace pelton::uring::ops
