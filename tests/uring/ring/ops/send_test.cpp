#include "uring/ring/ops/send.hpp"

#include <gtest/gtest.h>

#include "tests/uring/ring/ring_fixture.hpp"

namespace pelton::uring {
namespace {

TEST_F(RingTest, send_delivers_its_octets) {
  SocketPair pair = make_pair();
  const std::string octets = "HTTP/1.1 200 OK\r\n\r\n";
  engine_->send(token(Operation::send), pair.server.get(), octets);
  EXPECT_EQ(collect_one().result, static_cast<std::int32_t>(octets.size()));
  EXPECT_EQ(read_some(pair.client.get()), octets);
}

TEST_F(RingTest, ENG_027_send_to_a_slow_reader_is_short_and_goes_on) {
  SocketPair pair = make_pair();
  const std::string octets(4 << 20, 'o');
  std::size_t sent = 0;
  std::size_t read = 0;
  int sends = 0;
  while (sent < octets.size()) {
    engine_->send(token(Operation::send), pair.server.get(), std::span(octets).subspan(sent));
    const Completion completion = collect_one();
    ASSERT_GT(completion.result, 0);
    sent += static_cast<std::size_t>(completion.result);
    ++sends;
    while (read < sent) read += read_some(pair.client.get()).size();
  }
  EXPECT_GT(sends, 1);
  EXPECT_EQ(read, octets.size());
}

// A length of 4 GiB would be 0 in the entry's 32 bits, and its send would complete for ever.
TEST(SendEntry, ENG_027_so_many_octets_that_their_count_needs_33_bits_are_a_short_send) {
  const char octet = 'o';
  for (const std::uint64_t bytes : {std::uint64_t{1} << 32, (std::uint64_t{1} << 32) + 1}) {
    io_uring_sqe entry{};
    ops::prepare_send(entry, Token(Operation::send, 1, 1), 5, std::span(&octet, bytes));
    EXPECT_EQ(entry.len, transfer_bytes_max);
  }
}

TEST_F(RingTest, ENG_024_send_to_a_lost_peer_is_a_result_and_no_signal) {
  SocketPair pair = make_pair();
  pair.client.close();
  engine_->send(token(Operation::send), pair.server.get(), std::string_view("x"));
  EXPECT_EQ(collect_one().result, -EPIPE);
}

}  // namespace
}  // namespace pelton::uring
