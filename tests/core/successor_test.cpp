#include "core/successor.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace pelton {
namespace {

using Answer = Predecessor::Answer;

constexpr std::uint64_t late_ms = 100;

// A child that runs the script, in which `$end` is its end of the socket.
Successor started(const std::string& script, std::span<const int> inherited = {}) {
  const std::array<std::string, 3> command{
      "/bin/sh", "-c", "end=/proc/self/fd/$PELTON_UPGRADE_PREDECESSOR; " + script};
  const std::array<std::string, 1> environment{"NAME=value"};
  SuccessorStart start{
      .command = command, .environment = environment, .inherited = inherited, .mask = {}};
  sigemptyset(&start.mask);
  auto made = Successor::start(start, late_ms);
  EXPECT_TRUE(made.has_value());
  return std::move(*made);
}

int ended(const Successor& successor) {
  std::optional<int> status;
  while (!(status = successor.status())) {
    pollfd entry{successor.socket(), POLLIN, 0};
    ::poll(&entry, 1, 10);
  }
  return *status;
}

TEST(Successor, PRC_005_it_gets_its_environment_and_its_descriptors) {
  int pipe[2];
  ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  const std::array<int, 1> inherited{pipe[1]};
  const Successor successor = started(
      "eval \"echo $NAME ${HOME-none} >/proc/self/fd/" + std::to_string(pipe[1]) + "\"", inherited);
  EXPECT_EQ(ended(successor), 0);
  char octets[32];
  const ssize_t bytes = ::read(pipe[0], octets, sizeof octets);
  EXPECT_EQ(std::string(octets, static_cast<std::size_t>(bytes)), "value none\n");
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(Successor, PRC_005_one_that_ends_has_not_taken_over) {
  const Successor successor = started("exit 3");
  const int status = ended(successor);
  EXPECT_EQ(WEXITSTATUS(status), 3);
  EXPECT_FALSE(successor.takes_over());
}

TEST(Successor, PRC_005_it_is_late_until_it_is_told_to_end) {
  Successor successor = started("while :; do :; done");
  EXPECT_FALSE(successor.is_late(late_ms - 1));
  EXPECT_TRUE(successor.is_late(late_ms));
  EXPECT_EQ(successor.wake_ms(), late_ms);
  successor.end(late_ms + 50);
  EXPECT_FALSE(successor.is_late(late_ms));
  EXPECT_EQ(successor.wake_ms(), late_ms + 50);
  successor.kill_if_due(late_ms + 49);
  EXPECT_FALSE(successor.status());
  successor.kill_if_due(late_ms + 50);
  EXPECT_EQ(WTERMSIG(ended(successor)), SIGKILL);
}

TEST(Successor, a_command_that_is_not_there_is_an_errno) {
  const std::array<std::string, 1> command{"/no/such/command"};
  SuccessorStart start{.command = command, .environment = {}, .inherited = {}, .mask = {}};
  sigemptyset(&start.mask);
  const auto made = Successor::start(start, late_ms);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error(), ENOENT);
}

TEST(Predecessor, PRC_005_there_may_be_none) {
  Predecessor none(-1);
  EXPECT_FALSE(none.is_there());
  EXPECT_EQ(none.answer(), Answer::none);
}

class PredecessorEnds : public testing::Test {
 protected:
  PredecessorEnds() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends_), 0); }

  int ends_[2];
};

TEST_F(PredecessorEnds, PRC_005_it_hears_once_that_its_successor_is_ready) {
  Predecessor predecessor(ends_[1]);
  predecessor.tell_ready();
  predecessor.tell_ready();
  char octets[32];
  EXPECT_EQ(::recv(ends_[0], octets, sizeof octets, 0), 5);
  EXPECT_EQ(::recv(ends_[0], octets, sizeof octets, MSG_DONTWAIT), -1);
  EXPECT_EQ(predecessor.answer(), Answer::none);
  EXPECT_EQ(::send(ends_[0], "serve", 5, 0), 5);
  EXPECT_EQ(predecessor.answer(), Answer::yields);
  EXPECT_FALSE(predecessor.is_there());
  ::close(ends_[0]);
}

TEST_F(PredecessorEnds, PRC_005_one_that_closes_its_end_goes_on) {
  Predecessor predecessor(ends_[1]);
  ::close(ends_[0]);
  EXPECT_EQ(predecessor.answer(), Answer::goes_on);
  EXPECT_FALSE(predecessor.is_there());
}

}  // namespace
}  // namespace pelton
