#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "system_calls.hpp"
#include "uring/epoll/epoll_engine.hpp"

namespace pelton::uring {
namespace {

Token token(Operation operation, std::uint32_t slot = 1) {
  return Token(operation, 1, slot);
}

class EpollOperations : public ::testing::Test {
 protected:
  std::vector<Completion> turn(std::uint64_t deadline_ns = 0) {
    std::vector<Completion> out(256);
    out.resize(engine_->turn(out, deadline_ns, WaitHook{}));
    return out;
  }

  int listen() {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address_), sizeof address_), 0);
    EXPECT_EQ(::listen(listener, 512), 0);
    socklen_t bytes = sizeof address_;
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address_), &bytes);
    return listener;
  }

  int connect() {
    const int peer = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::connect(peer, reinterpret_cast<sockaddr*>(&address_), sizeof address_), 0);
    return peer;
  }

  void close(Descriptor descriptor) {
    engine_->close(token(Operation::close), descriptor);
    const auto closed = turn();
    ASSERT_FALSE(closed.empty());
    EXPECT_EQ(closed.back().result, 0);
  }

  std::unique_ptr<EpollEngine> engine_ = *EpollEngine::open({});
  sockaddr_in address_{};
};

TEST_F(EpollOperations,
       accepted_sockets_do_not_block_and_do_not_survive_exec) {  // ENG-025, ENG-051
  const int listener = listen();
  engine_->accept(token(Operation::accept), listener);
  turn();
  EXPECT_NE(::fcntl(listener, F_GETFL) & O_NONBLOCK, 0);
  const int peer = connect();
  const auto accepted = turn(no_deadline);
  ASSERT_EQ(accepted.size(), 1u);
  EXPECT_NE(::fcntl(accepted[0].result, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(accepted[0].result, F_GETFD) & FD_CLOEXEC, 0);
  close(accepted[0].result);
  close(listener);
  ::close(peer);
}

// As when a coroutine closes a socket whose poll is still in flight after its operation has ended.
TEST_F(EpollOperations, a_poll_of_a_descriptor_that_others_closed_ends_with_its_next_use) {
  const int listener = listen();
  std::array<int, 2> pair;
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
  const Token polled = token(Operation::poll, 2);
  engine_->poll_lasting(polled, pair[0], POLLIN);
  engine_->accept(token(Operation::accept), listener);
  turn();
  const int peer = connect();
  ::close(pair[0]);
  const auto completions = turn(no_deadline);
  ASSERT_EQ(completions.size(), 2u);
  EXPECT_EQ(completions[0].token, polled);
  EXPECT_EQ(completions[0].result, -ECANCELED);
  EXPECT_FALSE(completions[0].more);
  EXPECT_EQ(completions[1].result, pair[0]);
  close(pair[0]);
  close(listener);
  ::close(peer);
  ::close(pair[1]);
}

TEST_F(EpollOperations, a_burst_of_connections_takes_few_turns_and_a_trickle_few_calls) {
  const int listener = listen();
  engine_->accept(token(Operation::accept), listener);
  turn();
  std::vector<int> ends;
  constexpr std::size_t burst = 300;
  for (std::size_t count = 0; count < burst; ++count) ends.push_back(connect());
  std::size_t accepted = 0;
  int turns = 0;
  while (accepted < burst) {
    for (const Completion& completion : turn(no_deadline)) {
      ASSERT_GE(completion.result, 0);
      EXPECT_TRUE(completion.more);
      ends.push_back(completion.result);
      ++accepted;
    }
    ++turns;
  }
  EXPECT_LE(turns, 12);
  turn();
  const SystemCalls before = system_calls();
  constexpr std::uint64_t trickle = 40;
  for (std::uint64_t count = 0; count < trickle; ++count) {
    ends.push_back(connect());
    const auto one = turn(no_deadline);
    ASSERT_EQ(one.size(), 1u);
    ends.push_back(one[0].result);
  }
  EXPECT_LE(system_calls().accepts - before.accepts, trickle * 3 / 2 + 1);
  close(listener);
  for (const int end : ends) ::close(end);
}

TEST_F(EpollOperations, CON_046_a_connection_reset_in_the_backlog_does_not_block_accept) {
  const int listener = listen();
  const int peer = connect();
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(peer);
  engine_->accept(token(Operation::accept), listener);
  for (const Completion& completion : turn()) {
    if (completion.result >= 0) ::close(completion.result);
  }
  close(listener);
}

TEST_F(EpollOperations, a_file_is_always_ready) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  engine_->poll(token(Operation::poll), ::fileno(file), POLLIN | POLLOUT);
  const auto polled = turn();
  ASSERT_EQ(polled.size(), 1u);
  EXPECT_EQ(polled[0].result, POLLIN | POLLOUT);
  engine_->receive(token(Operation::receive), ::fileno(file));
  const auto received = turn();
  ASSERT_EQ(received.size(), 1u);
  EXPECT_LT(received[0].result, 0);
  EXPECT_FALSE(received[0].more);
  std::fclose(file);
}

TEST_F(EpollOperations, ENG_038_what_is_no_descriptor_is_EBADF_for_every_kind) {
  std::array<char, 4> memory;
  for (const Descriptor descriptor : {-1, 1 << 24, 999}) {
    engine_->accept(token(Operation::accept), descriptor);
    engine_->receive(token(Operation::receive), descriptor);
    engine_->receive_into(token(Operation::receive, 2), descriptor, memory);
    engine_->send(token(Operation::send), descriptor, std::string_view("x"));
    engine_->shutdown(token(Operation::shutdown), descriptor);
    engine_->poll(token(Operation::poll), descriptor, POLLIN);
    engine_->close(token(Operation::close), descriptor);
    const auto all = turn();
    EXPECT_EQ(all.size(), 7u);
    for (const Completion& completion : all) EXPECT_EQ(completion.result, -EBADF);
  }
  EXPECT_EQ(engine_->operations_in_flight(), 0u);
}

TEST_F(EpollOperations, cancel_finds_its_target_among_slots_that_share_a_number) {
  std::array<int, 3> events;
  for (std::uint32_t index = 0; index < 3; ++index) {
    events[index] = ::eventfd(0, EFD_CLOEXEC);
    engine_->poll(Token(Operation::poll, index, 7), events[index], POLLIN);
  }
  EXPECT_TRUE(turn().empty());
  for (const std::uint32_t generation : {0u, 2u, 1u}) {
    engine_->cancel(token(Operation::cancel), Token(Operation::poll, generation, 7));
    const auto ended = turn();
    ASSERT_EQ(ended.size(), 2u);
    EXPECT_EQ(ended[0].token.generation(), generation);
    EXPECT_EQ(ended[0].result, -ECANCELED);
    EXPECT_EQ(ended[1].result, 0);
  }
  for (const int event : events) ::close(event);
}

TEST_F(EpollOperations, ENG_013_close_ends_what_is_in_flight_first) {
  const int listener = listen();
  engine_->accept(token(Operation::accept, 3), listener);
  engine_->poll(token(Operation::poll, 3), listener, POLLPRI);
  turn();
  engine_->close(token(Operation::close), listener);
  const auto ended = turn();
  ASSERT_EQ(ended.size(), 3u);
  EXPECT_EQ(ended[0].result, -ECANCELED);
  EXPECT_EQ(ended[1].result, -ECANCELED);
  EXPECT_EQ(ended[2].token, token(Operation::close));
  EXPECT_EQ(engine_->operations_in_flight(), 0u);
}

// A body of many buffers is read several buffers a turn, yet one socket does not block the others.
TEST_F(EpollOperations, ENG_016_a_busy_socket_gets_a_few_buffers_a_turn) {
  std::array<int, 2> pair;
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  const std::string octets(64 * 1024, 'x');
  ASSERT_EQ(::write(pair[1], octets.data(), octets.size()), static_cast<ssize_t>(octets.size()));
  engine_->receive(token(Operation::receive), pair[0]);
  std::size_t received = 0;
  while (received < octets.size()) {
    const auto some = turn(no_deadline);
    EXPECT_LE(some.size(), 4u);
    for (const Completion& completion : some) {
      received += static_cast<std::size_t>(completion.result);
      engine_->buffers().give_back(completion.buffer);
    }
  }
  EXPECT_EQ(received, octets.size());
  close(pair[0]);
  ::close(pair[1]);
}

}  // namespace
}  // namespace pelton::uring
