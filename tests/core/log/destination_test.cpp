#include "core/log/destination.hpp"

#include <sys/socket.h>

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "scratch.hpp"

namespace pelton {
namespace {

std::ptrdiff_t write(LogDestination& to, std::string_view text) {
  return to.write({&text, 1});
}

TEST(LogDestination, a_file_is_appended_to_in_one_piece) {
  ScratchFolder folder;
  for (int round = 0; round < 2; ++round) {
    auto to = LogDestination::of_path(folder.file("log"));
    ASSERT_TRUE(to.has_value());
    const std::string_view pieces[] = {"a", "", "b\n"};
    EXPECT_EQ(to->write(pieces), 3);
    EXPECT_GT(to->unmixed_bytes_max(), 1u << 30);
  }
  EXPECT_EQ(folder.text_of("log"), "ab\nab\n");
  EXPECT_EQ(LogDestination::of_path(folder.file("no/log")).error(), ENOENT);
  EXPECT_EQ(LogDestination::of_descriptor(987'654).error(), EBADF);
}

// PRC-004: the file is moved away; no line is lost, and the next line is in a new file.
TEST(LogDestination, PRC_004_a_file_is_opened_anew_at_its_path) {
  ScratchFolder folder;
  auto to = LogDestination::of_path(folder.file("log"));
  ASSERT_TRUE(to.has_value());
  EXPECT_EQ(write(*to, "one\n"), 4);
  ASSERT_EQ(::rename(folder.file("log").c_str(), folder.file("log.1").c_str()), 0);
  EXPECT_EQ(write(*to, "two\n"), 4);
  EXPECT_EQ(to->reopen(), 0);
  EXPECT_EQ(write(*to, "three\n"), 6);
  EXPECT_EQ(folder.text_of("log.1"), "one\ntwo\n");
  EXPECT_EQ(folder.text_of("log"), "three\n");
}

TEST(LogDestination, PRC_043_a_file_is_opened_anew_without_free_descriptors_again_and_again) {
  ScratchFolder folder;
  auto to = LogDestination::of_path(folder.file("log"));
  ASSERT_TRUE(to.has_value());
  {
    const NoFreeDescriptors none;
    for (int round = 1; round <= 3; ++round) {
      const std::string rotated = folder.file("log." + std::to_string(round));
      ASSERT_EQ(::rename(folder.file("log").c_str(), rotated.c_str()), 0);
      ASSERT_EQ(to->reopen(), 0) << round;
      EXPECT_EQ(write(*to, std::to_string(round)), 1);
      EXPECT_EQ(::dup(STDIN_FILENO), -1);
    }
  }
  EXPECT_EQ(folder.text_of("log.1") + folder.text_of("log.2"), "1");
  EXPECT_EQ(folder.text_of("log.3") + folder.text_of("log"), "23");
}

// The limit of open files is now below the number of the log file's descriptor.
TEST(LogDestination, PRC_043_a_file_is_opened_anew_under_a_lower_limit) {
  ScratchFolder folder;
  const int lower = ::dup(STDIN_FILENO);
  auto to = LogDestination::of_path(folder.file("log"));
  ASSERT_TRUE(to.has_value());
  ASSERT_EQ(::rename(folder.file("log").c_str(), folder.file("log.1").c_str()), 0);
  {
    const NoFreeDescriptors none;
    none.allow(static_cast<rlim_t>(lower) + 1);
    EXPECT_EQ(to->reopen(), EMFILE);
    ::close(lower);
    EXPECT_EQ(to->reopen(), 0);
    EXPECT_EQ(to->descriptor(), lower);
    EXPECT_EQ(write(*to, "x"), 1);
  }
  EXPECT_EQ(folder.text_of("log.1"), "");
  EXPECT_EQ(folder.text_of("log"), "x");
}

// A path that does not exist does not use up the reserve.
TEST(LogDestination, PRC_043_a_reopening_that_fails_keeps_the_reserve) {
  ScratchFolder folder;
  ASSERT_EQ(::mkdir(folder.file("sub").c_str(), 0755), 0);
  auto to = LogDestination::of_path(folder.file("sub/log"));
  ASSERT_TRUE(to.has_value());
  {
    const NoFreeDescriptors none;
    ASSERT_EQ(::rename(folder.file("sub").c_str(), folder.file("moved").c_str()), 0);
    EXPECT_EQ(to->reopen(), ENOENT);
    EXPECT_EQ(::dup(STDIN_FILENO), -1);
    ASSERT_EQ(::rename(folder.file("moved").c_str(), folder.file("sub").c_str()), 0);
    EXPECT_EQ(to->reopen(), 0);
    EXPECT_EQ(write(*to, "x"), 1);
  }
  EXPECT_EQ(folder.text_of("sub/log"), "x");
}

TEST(LogDestination, a_reopening_that_fails_keeps_the_old_file) {
  ScratchFolder folder;
  ASSERT_EQ(::mkdir(folder.file("sub").c_str(), 0755), 0);
  auto to = LogDestination::of_path(folder.file("sub/log"));
  ASSERT_TRUE(to.has_value());
  ASSERT_EQ(::rename(folder.file("sub").c_str(), folder.file("moved").c_str()), 0);
  EXPECT_EQ(to->reopen(), ENOENT);
  EXPECT_EQ(write(*to, "kept\n"), 5);
  EXPECT_EQ(folder.text_of("moved/log"), "kept\n");
}

TEST(LogDestination, PRC_050_a_full_pipe_is_no_wait_and_its_mode_stays) {
  Pipe pipe;
  auto to = LogDestination::of_descriptor(pipe.write_end());
  ASSERT_TRUE(to.has_value());
  EXPECT_EQ(to->unmixed_bytes_max(), static_cast<std::size_t>(PIPE_BUF));
  EXPECT_EQ(write(*to, std::string(PIPE_BUF, 'x')), PIPE_BUF);
  EXPECT_EQ(write(*to, "y"), -EAGAIN);
  EXPECT_EQ(::fcntl(pipe.write_end(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(to->reopen(), 0);
  EXPECT_EQ(pipe.take().size(), static_cast<std::size_t>(PIPE_BUF));
  EXPECT_EQ(write(*to, "y"), 1);
}

TEST(LogDestination, PRC_050_a_socket_that_is_full_or_gone_is_an_error) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  auto to = LogDestination::of_descriptor(ends[0]);
  ASSERT_TRUE(to.has_value());
  const std::string much(1 << 16, 'x');
  std::ptrdiff_t result = 0;
  while ((result = write(*to, much)) > 0) {
  }
  EXPECT_EQ(result, -EAGAIN);
  ::close(ends[1]);
  EXPECT_EQ(write(*to, "x"), -EPIPE);
  ::close(ends[0]);
}

TEST(LogDestination, PRC_050_a_full_device_is_an_error) {
  auto to = LogDestination::of_path("/dev/full");
  ASSERT_TRUE(to.has_value());
  EXPECT_EQ(write(*to, "x"), -ENOSPC);
}

// How many of their lines two writers to a pseudo-terminal lose. It holds far more octets unread
// than theirs.
int lost_by_two_writers() {
  const int shown = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (shown < 0 || ::grantpt(shown) != 0 || ::unlockpt(shown) != 0) return -1;
  const int terminal = ::open(::ptsname(shown), O_RDWR | O_NOCTTY);
  std::atomic<int> arrived = 0;
  std::atomic<int> lost = 0;
  const auto writes = [&] {
    auto to = LogDestination::of_descriptor(terminal);
    for (int round = 1; round <= 50; ++round) {
      for (++arrived; arrived < 2 * round;) std::this_thread::yield();
      if (write(*to, "a line\n") <= 0) ++lost;
    }
  };
  std::thread other(writes);
  writes();
  other.join();
  ::close(terminal);
  ::close(shown);
  return lost;
}

// Without waiting a terminal answers EAGAIN not only where it has no room: also at the moment in
// which another process writes to it.
TEST(LogDestination, PRC_050_a_terminal_takes_the_lines_of_two_writers_at_the_same_moment) {
  for (int terminal = 0; terminal < 40; ++terminal) EXPECT_EQ(lost_by_two_writers(), 0);
}

}  // namespace
}  // namespace pelton
