#include "uring/ring/ops/receive.hpp"

#include <gtest/gtest.h>

#include "tests/uring/ring/ring_fixture.hpp"

namespace pelton::uring {
namespace {

TEST_F(RingTest, ENG_022_receive_yields_leases_until_FIN) {
  SocketPair pair = make_pair();
  engine_->receive(token(Operation::receive, 3), pair.server.get());
  write_all(pair.client.get(), "GET / HTTP/1.1\r\n\r\n");
  Completion completion = collect_one();
  EXPECT_EQ(completion.token, token(Operation::receive, 3));
  EXPECT_TRUE(completion.more);
  EXPECT_EQ(engine_->buffers().leases_out(), 1u);
  EXPECT_EQ(take(completion), "GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(engine_->buffers().leases_out(), 0u);

  pair.client.close();
  completion = collect_one();
  EXPECT_EQ(completion.result, 0);
  EXPECT_FALSE(completion.more);
  EXPECT_EQ(completion.buffer, no_buffer);
}

TEST(ReceiveEntry, room_whose_size_needs_33_bits_is_filled_in_parts) {
  char octet = 'o';
  for (const std::uint64_t bytes : {std::uint64_t{1} << 32, (std::uint64_t{1} << 32) + 1}) {
    io_uring_sqe entry{};
    ops::prepare_receive_into(entry, Token(Operation::receive, 1, 1), 5, std::span(&octet, bytes));
    EXPECT_EQ(entry.len, transfer_bytes_max);
  }
}

TEST_F(RingTest, receive_into_fills_private_memory_once) {
  SocketPair pair = make_pair();
  std::array<char, 4> memory{};
  engine_->receive_into(token(Operation::receive), pair.server.get(), memory);
  write_all(pair.client.get(), "abcdef");
  const Completion completion = collect_one();
  EXPECT_EQ(completion.result, 4);
  EXPECT_FALSE(completion.more);
  EXPECT_EQ(completion.buffer, no_buffer);
  EXPECT_EQ(std::string_view(memory.data(), 4), "abcd");
}

}  // namespace
}  // namespace pelton::uring
