#include "uring/sockets/file_send.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

namespace pelton::uring {
namespace {

struct Pair {
  explicit Pair(SocketMode mode) {
    const int flags = mode == SocketMode::non_blocking ? SOCK_NONBLOCK : 0;
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0, ends.data()), 0);
    file = ::memfd_create("octets", MFD_CLOEXEC);
    const std::string octets(4 << 20, 'x');
    EXPECT_EQ(::write(file, octets.data(), octets.size()), static_cast<ssize_t>(octets.size()));
  }
  Pair(const Pair&) = delete;
  ~Pair() {
    ::close(ends[0]);
    if (ends[1] >= 0) ::close(ends[1]);
    ::close(file);
  }
  void hang_up() { ::close(std::exchange(ends[1], -1)); }

  std::array<int, 2> ends{};
  int file = -1;
};

class FileSend : public testing::TestWithParam<SocketMode> {};

TEST_P(FileSend, takes_what_fits_and_never_waits) {
  Pair pair(GetParam());
  const int flags = ::fcntl(pair.ends[0], F_GETFL);
  const std::int64_t sent = send_file(pair.ends[0], pair.file, 0, 4 << 20, GetParam());
  EXPECT_GT(sent, 0);
  EXPECT_LT(sent, 4 << 20);
  std::int64_t again = sent;
  while (again > 0) again = send_file(pair.ends[0], pair.file, 0, 4 << 20, GetParam());
  EXPECT_EQ(again, -EAGAIN);
  EXPECT_EQ(::fcntl(pair.ends[0], F_GETFL), flags);
  EXPECT_EQ(send_file(pair.ends[0], -1, 0, 1, GetParam()), -EBADF);
}

TEST_P(FileSend, STA_006_the_end_of_a_file_is_nothing) {
  const Pair pair(GetParam());
  EXPECT_EQ(send_file(pair.ends[0], pair.file, 4 << 20, 100, GetParam()), 0);
  EXPECT_EQ(send_file(pair.ends[0], pair.file, (4 << 20) - 5, 100, GetParam()), 5);
}

TEST_P(FileSend, a_peer_that_is_gone_is_an_errno_and_no_signal) {
  const auto before = ::signal(SIGPIPE, SIG_DFL);
  Pair pair(GetParam());
  pair.hang_up();
  EXPECT_EQ(send_file(pair.ends[0], pair.file, 0, 100, GetParam()), -EPIPE);
  sigset_t pending;
  ::sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);
  ::signal(SIGPIPE, before);
}

INSTANTIATE_TEST_SUITE_P(Modes, FileSend,
                         testing::Values(SocketMode::blocking, SocketMode::non_blocking));

}  // namespace
}  // namespace pelton::uring
