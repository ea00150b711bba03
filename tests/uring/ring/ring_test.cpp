#include "uring/ring/ring.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <map>

#include "tests/uring/ring/ring_fixture.hpp"

namespace noria::uring {
namespace {

TEST_F(RingTest, nop_completes_with_its_token) {
  engine_->nop(token(Operation::nop, 7));
  EXPECT_EQ(engine_->operations_in_flight(), 1u);
  const Completion completion = collect_one();
  EXPECT_EQ(completion.token, token(Operation::nop, 7));
  EXPECT_EQ(completion.result, 0);
  EXPECT_FALSE(completion.more);
}

TEST_F(RingTest, turn_without_work_returns_at_a_deadline_that_has_passed) {
  std::array<Completion, 4> batch;
  EXPECT_EQ(engine_->turn(batch, 0, {}), 0u);
  EXPECT_EQ(engine_->turn(batch, 1, {}), 0u);
}

TEST_F(RingTest, turn_waits_until_its_deadline) {
  std::array<Completion, 4> batch;
  const std::uint64_t deadline_ns = monotonic_ns() + 20'000'000;
  EXPECT_EQ(engine_->turn(batch, deadline_ns, {}), 0u);
  EXPECT_GE(monotonic_ns(), deadline_ns);
}

struct Calls {
  int before = 0;
  int after = 0;
};

WaitHook counting(Calls& calls) {
  return {.before = [](void* context) { ++static_cast<Calls*>(context)->before; },
          .after = [](void* context) { ++static_cast<Calls*>(context)->after; },
          .context = &calls};
}

TEST_F(RingTest, hook_is_called_around_a_wait_that_blocks_and_only_there) {
  Calls calls;
  std::array<Completion, 4> batch;
  engine_->nop(token(Operation::nop));
  EXPECT_EQ(engine_->turn(batch, no_deadline, counting(calls)), 1u);
  EXPECT_EQ(calls.before, 0);
  EXPECT_EQ(engine_->turn(batch, 1, counting(calls)), 0u);
  EXPECT_EQ(calls.before, 0);
  EXPECT_EQ(engine_->turn(batch, monotonic_ns() + 1'000'000, counting(calls)), 0u);
  EXPECT_EQ(calls.before, 1);
  EXPECT_EQ(calls.after, 1);
}

TEST_F(RingTest, hooked_wait_ends_when_a_socket_becomes_ready) {
  SocketPair pair = make_pair();
  engine_->receive(token(Operation::receive), pair.server.get());
  std::array<Completion, 4> batch;
  EXPECT_EQ(engine_->turn(batch, 0, {}), 0u);
  // The peer speaks exactly when we begin to wait.
  const WaitHook hook{.before = [](void* context) { write_all(*static_cast<int*>(context), "x"); },
                      .after = nullptr,
                      .context = nullptr};
  int client = pair.client.get();
  WaitHook speaking = hook;
  speaking.context = &client;
  ASSERT_EQ(engine_->turn(batch, monotonic_ns() + 5'000'000'000, speaking), 1u);
  EXPECT_EQ(take(batch[0]), "x");
  pair.client.close();
  EXPECT_EQ(collect_one().result, 0);
}

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

TEST_F(RingTest, ENG_024_send_to_a_lost_peer_is_a_result_and_no_signal) {
  SocketPair pair = make_pair();
  pair.client.close();
  engine_->send(token(Operation::send), pair.server.get(), std::string_view("x"));
  EXPECT_EQ(collect_one().result, -EPIPE);
}

TEST_F(RingTest, shutdown_follows_the_send_prepared_before_it) {
  SocketPair pair = make_pair();
  engine_->send(token(Operation::send), pair.server.get(), std::string_view("bye"));
  engine_->shutdown(token(Operation::shutdown), pair.server.get());
  EXPECT_EQ(engine_->operations_in_flight(), 2u);
  const auto both = collect(2);
  for (const Completion& completion : both) EXPECT_GE(completion.result, 0);
  EXPECT_EQ(read_some(pair.client.get()), "bye");
  EXPECT_EQ(read_some(pair.client.get()), "");
}

TEST_F(RingTest, shutdown_of_a_socket_without_peer_says_so) {
  OwnedDescriptor lone(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  engine_->shutdown(token(Operation::shutdown), lone.get());
  EXPECT_EQ(collect_one().result, -ENOTCONN);
}

TEST_F(RingTest, close_ends_the_connection) {
  SocketPair pair = make_pair();
  engine_->close(token(Operation::close), pair.server.release());
  EXPECT_EQ(collect_one().result, 0);
  EXPECT_EQ(read_some(pair.client.get()), "");
}

TEST_F(RingTest, poll_reports_the_events_that_are_ready) {
  SocketPair pair = make_pair();
  engine_->poll(token(Operation::poll), pair.server.get(), POLLIN);
  write_all(pair.client.get(), "x");
  EXPECT_EQ(collect_one().result & POLLIN, POLLIN);
  engine_->poll(token(Operation::poll), pair.server.get(), POLLOUT);
  EXPECT_EQ(collect_one().result & POLLOUT, POLLOUT);
}

TEST_F(RingTest, multishot_accept_takes_a_burst_in_blocking_mode_and_close_on_exec) {
  LoopbackListener listener;
  engine_->accept(token(Operation::accept), listener.get());
  std::vector<OwnedDescriptor> clients;
  for (int index = 0; index < 100; ++index) clients.push_back(listener.connect());
  for (const Completion& completion : collect(100)) {
    ASSERT_GE(completion.result, 0);
    EXPECT_TRUE(completion.more);
    const OwnedDescriptor accepted(completion.result);
    EXPECT_EQ(::fcntl(accepted.get(), F_GETFL) & O_NONBLOCK, 0);  // ENG-025
    EXPECT_NE(::fcntl(accepted.get(), F_GETFD) & FD_CLOEXEC, 0);  // ENG-051
  }
  engine_->cancel(token(Operation::cancel), token(Operation::accept));
  for (const Completion& completion : collect(2)) {
    EXPECT_EQ(completion.result,
              completion.token.operation() == Operation::cancel ? 0 : -ECANCELED);
  }
}

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

TEST_F(RingTest, CON_032_reset_sends_RST) {
  LoopbackListener listener;
  engine_->accept(token(Operation::accept), listener.get());
  OwnedDescriptor client = listener.connect();
  const Completion accepted = collect_one();
  ASSERT_GE(accepted.result, 0);
  engine_->reset(accepted.result);
  char octet;
  EXPECT_EQ(::recv(client.get(), &octet, 1, 0), -1);
  EXPECT_EQ(errno, ECONNRESET);
  engine_->cancel(token(Operation::cancel), token(Operation::accept));
  collect(2);
}

}  // namespace
}  // namespace noria::uring
