// Tests of epoll alone: how many system calls a request costs, and which interest stays in the set.
#include "uring/epoll/epoll_engine.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string_view>
#include <vector>

#include "system_calls.hpp"

namespace pelton::uring {
namespace {

Token token(Operation operation, std::uint32_t slot = 1) {
  return Token(operation, 1, slot);
}

class EpollEngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair_.data()), 0);
  }

  ~EpollEngineTest() override {
    for (const int end : pair_) {
      if (end >= 0) ::close(end);
    }
  }

  std::vector<Completion> turn(std::uint64_t deadline_ns = 0) {
    std::array<Completion, 16> out;
    const std::size_t count = engine_->turn(out, deadline_ns, WaitHook{});
    return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count)};
  }

  void say(std::string_view octets) {
    ASSERT_EQ(::write(pair_[1], octets.data(), octets.size()), static_cast<ssize_t>(octets.size()));
  }

  Descriptor socket() const { return pair_[0]; }

  std::unique_ptr<EpollEngine> engine_ = *EpollEngine::open({});
  std::array<int, 2> pair_{-1, -1};
};

using EpollEngineDeathTest = EpollEngineTest;

TEST_F(EpollEngineDeathTest, ENG_052_a_forked_child_cannot_use_its_parents_engine) {
  const testing::ExitedWithCode ended(EXIT_FAILURE);
  engine_->receive(token(Operation::receive), socket());
  turn();
  EXPECT_EXIT(turn(), ended, "a forked child .* is ended");
  EXPECT_EXIT(engine_->send_at_once(socket(), std::string_view("x")), ended, "a forked child");
  EXPECT_EXIT(engine_->reset(socket()), ended, "a forked child");
  // The parent's receive is still in flight, and nothing was sent.
  say("x");
  const auto received = turn(no_deadline);
  ASSERT_EQ(received.size(), 1u);
  engine_->buffers().give_back(received[0].buffer);
  char octet = 0;
  EXPECT_EQ(::recv(pair_[1], &octet, 1, MSG_DONTWAIT), -1);
}

TEST_F(EpollEngineTest, a_request_costs_one_receive_one_send_and_no_control) {
  engine_->receive(token(Operation::receive), socket());
  turn();
  const SystemCalls before = system_calls();
  constexpr std::uint64_t requests = 100;
  for (std::uint64_t count = 0; count < requests; ++count) {
    say("question");
    const auto received = turn(no_deadline);
    ASSERT_EQ(received.size(), 1u);
    engine_->buffers().give_back(received[0].buffer);
    engine_->send(token(Operation::send), socket(), std::string_view("answer"));
    ASSERT_EQ(turn(no_deadline).size(), 1u);
  }
  const SystemCalls after = system_calls();
  EXPECT_EQ(after.receives - before.receives, requests);
  EXPECT_EQ(after.receives_in_vain - before.receives_in_vain, 0u);
  EXPECT_EQ(after.sends - before.sends, requests);
  EXPECT_EQ(after.controls - before.controls, 0u);
  EXPECT_EQ(after.probes - before.probes, 2 * requests);  // one a turn
  engine_->cancel(token(Operation::cancel), token(Operation::receive));
  EXPECT_EQ(turn().size(), 2u);
}

TEST_F(EpollEngineTest, polling_again_after_an_event_costs_one_control) {
  engine_->poll(token(Operation::poll), socket(), POLLIN);
  turn();
  const SystemCalls before = system_calls();
  for (int count = 0; count < 10; ++count) {
    say("x");
    EXPECT_EQ(turn(no_deadline).size(), 1u);
    char octet = 0;
    EXPECT_EQ(::read(socket(), &octet, 1), 1);
    engine_->poll(token(Operation::poll), socket(), POLLIN);
    EXPECT_TRUE(turn().empty());
  }
  EXPECT_EQ(system_calls().controls - before.controls, 10u);
  engine_->cancel(token(Operation::cancel), token(Operation::poll));
  EXPECT_EQ(turn().size(), 2u);
}

TEST_F(EpollEngineTest, CON_042_a_finished_peer_causes_no_further_events) {
  engine_->receive(token(Operation::receive), socket());
  turn();
  ::close(pair_[1]);
  pair_[1] = -1;
  EXPECT_EQ(turn(no_deadline).size(), 1u);
  turn();  // removes the interest
  const SystemCalls before = system_calls();
  for (int count = 0; count < 10; ++count) EXPECT_TRUE(turn().empty());
  EXPECT_EQ(system_calls().controls, before.controls);
  EXPECT_EQ(system_calls().receives, before.receives);
}

// A driver closes its own socket between two polls, and the number of the descriptor comes back.
TEST_F(EpollEngineTest, a_descriptor_closed_by_others_can_come_back) {
  const int first = ::eventfd(1, EFD_CLOEXEC);
  engine_->poll(token(Operation::poll), first, POLLIN);
  EXPECT_EQ(turn(no_deadline).size(), 1u);
  ::close(first);
  const int second = ::eventfd(1, EFD_CLOEXEC);
  ASSERT_EQ(first, second);
  engine_->poll(token(Operation::poll), second, POLLIN);
  EXPECT_EQ(turn().size(), 1u);
  ::close(second);
}

TEST_F(EpollEngineTest, readiness_nobody_wants_does_not_end_a_wait) {
  engine_->receive(token(Operation::receive), socket());
  turn();
  engine_->cancel(token(Operation::cancel), token(Operation::receive));
  EXPECT_EQ(turn().size(), 2u);
  say("unread");
  int waits = 0;
  const WaitHook hook{[](void* count) { ++*static_cast<int*>(count); }, nullptr, &waits};
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const std::uint64_t deadline_ns = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u +
                                    static_cast<std::uint64_t>(now.tv_nsec) + 1'000'000;
  std::array<Completion, 4> out;
  EXPECT_EQ(engine_->turn(out, deadline_ns, hook), 0u);
  EXPECT_EQ(waits, 1);
}

TEST_F(EpollEngineTest, waiting_at_once_saves_the_look_before) {
  EngineOptions options;
  for (const bool at_once : {false, true}) {
    options.waits_at_once = at_once;
    engine_ = *EpollEngine::open(options);
    engine_->poll(token(Operation::poll), socket(), POLLIN);
    say("x");
    int waits = 0;
    const WaitHook hook{[](void* count) { ++*static_cast<int*>(count); }, nullptr, &waits};
    std::array<Completion, 4> out;
    const std::uint64_t before = system_calls().probes;
    EXPECT_EQ(engine_->turn(out, no_deadline, hook), 1u);
    EXPECT_EQ(system_calls().probes - before, at_once ? 0u : 1u);
    EXPECT_EQ(waits, at_once ? 1 : 0);
    // A turn that must not wait checks for readiness, with `waits_at_once` too.
    engine_->poll(token(Operation::poll), socket(), POLLIN);
    EXPECT_EQ(engine_->turn(out, 0, hook), 1u);
    engine_->poll(token(Operation::poll), socket(), POLLIN);
    EXPECT_EQ(engine_->turn(out, 1, hook), 1u);
    EXPECT_EQ(waits, at_once ? 1 : 0);
  }
}

TEST_F(EpollEngineTest, ENG_026_a_signal_ends_the_wait) {
  struct sigaction quiet{};
  struct sigaction before{};
  quiet.sa_handler = [](int) {};
  ASSERT_EQ(::sigaction(SIGALRM, &quiet, &before), 0);
  // Repeated, so that one signal surely comes during the wait.
  const itimerval often{.it_interval = {0, 1000}, .it_value = {0, 1000}};
  ASSERT_EQ(::setitimer(ITIMER_REAL, &often, nullptr), 0);
  EXPECT_TRUE(turn(no_deadline).empty());
  const itimerval never{};
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
}

}  // namespace
}  // namespace pelton::uring
