#include "core/worker_start.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <span>
#include <string>

namespace pelton {
namespace {

// The report of a worker that runs this script.
std::string report_of(const std::string& script, bool epoll_only = false,
                      std::span<const int> bus = {}, std::span<const int> kept = {}) {
  const std::string command[] = {"/bin/sh", "-c",
                                 "eval \"exec >/proc/self/fd/$PELTON_WORKER_REPORT\"; " + script};
  WorkerStart start{.command = command,
                    .listeners = {},
                    .listeners_kept = kept,
                    .bus_name = "group",
                    .bus = bus,
                    .stats_descriptor = STDIN_FILENO,
                    .bank = 4,
                    .index = 3,
                    .count = 4,
                    .restarts = 2,
                    .generation = 5,
                    .epoll_only = epoll_only,
                    .mask = {}};
  sigemptyset(&start.mask);
  sigaddset(&start.mask, SIGUSR1);
  const auto started = start_worker(start);
  EXPECT_TRUE(started.has_value());
  if (!started) return {};
  std::string text;
  char octets[4096];
  for (ssize_t bytes; (bytes = ::read(started->report_pipe, octets, sizeof octets)) > 0;) {
    text.append(octets, static_cast<std::size_t>(bytes));
  }
  ::close(started->report_pipe);
  int status = 0;
  EXPECT_EQ(::waitpid(started->pid, &status, 0), started->pid);
  EXPECT_EQ(status, 0);
  return text;
}

TEST(WorkerStart, a_worker_is_told_who_it_is_and_whose) {
  EXPECT_EQ(
      report_of("echo $PELTON_WORKER_ID $PELTON_WORKER_COUNT $PELTON_WORKER_RESTARTS "
                "$PELTON_WORKER_GENERATION $PELTON_WORKER_STATS "
                "$PELTON_WORKER_SUPERVISOR $PPID ${PELTON_WORKER_ENGINE-none}"),
      "3 4 2 5 0,4 " + std::to_string(::getpid()) + " " + std::to_string(::getpid()) + " none\n");
}

TEST(WorkerStart, it_inherits_its_ends_of_the_bus) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  EXPECT_EQ(
      report_of("echo $PELTON_WORKER_BUS; eval \"echo x >/proc/self/fd/${PELTON_WORKER_BUS##*,}\"",
                false, ends),
      "group," + std::to_string(ends[0]) + "," + std::to_string(ends[1]) + "\n");
  char octets[2];
  EXPECT_EQ(::read(ends[0], octets, sizeof octets), 2);
  ::close(ends[0]);
  ::close(ends[1]);
  EXPECT_EQ(report_of("echo ${PELTON_WORKER_BUS-none}"), "none\n");
}

TEST(WorkerStart, PRC_054_it_is_told_which_listeners_are_somebody_elses) {
  const int kept[] = {3, 4};
  EXPECT_EQ(report_of("echo $PELTON_WORKER_LISTENERS_KEPT", false, {}, kept), "3,4\n");
  EXPECT_EQ(report_of("echo ${PELTON_WORKER_LISTENERS_KEPT-none}"), "none\n");
}

TEST(WorkerStart, ENG_004_it_is_told_to_use_epoll_where_the_ring_has_killed) {
  EXPECT_EQ(report_of("echo $PELTON_WORKER_ENGINE", true), "epoll\n");
}

TEST(WorkerStart, what_an_outer_supervisor_said_is_not_said_again) {
  ::setenv("PELTON_WORKER_ENGINE", "stale", 1);
  EXPECT_EQ(report_of("echo ${PELTON_WORKER_ENGINE-none}"), "none\n");
  ::unsetenv("PELTON_WORKER_ENGINE");
}

TEST(WorkerStart, a_command_that_is_not_there_is_an_errno) {
  const std::string command[] = {"/no/such/command"};
  WorkerStart start{.command = command,
                    .listeners = {},
                    .stats_descriptor = STDIN_FILENO,
                    .index = 0,
                    .restarts = 0,
                    .epoll_only = false,
                    .mask = {}};
  sigemptyset(&start.mask);
  const auto started = start_worker(start);
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error(), ENOENT);
}

TEST(WorkerStart, a_report_is_a_text_or_the_end_of_a_worker_that_has_none) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_EQ(report_in(ends[0]), std::nullopt);
  ASSERT_EQ(::write(ends[1], "ready\n", 6), 6);
  EXPECT_EQ(report_in(ends[0]), "ready");
  ASSERT_EQ(::write(ends[1], "Traceback\ncannot start\n", 23), 23);
  EXPECT_EQ(report_in(ends[0]), "Traceback\ncannot start");
  ::close(ends[1]);
  EXPECT_EQ(report_in(ends[0]), "");
  ::close(ends[0]);
}

TEST(WorkerStart, a_worker_has_a_name_and_an_end) {
  EXPECT_EQ(name_of_worker(2, 7) + end_of_worker(W_EXITCODE(3, 0)),
            "worker 2 (pid 7) exited with 3");
  EXPECT_EQ(end_of_worker(W_EXITCODE(0, 9)), "was killed by signal 9");
}

}  // namespace
}  // namespace pelton
