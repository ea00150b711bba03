#include "core/cores.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "core/core_state.hpp"
#include "core/stats_segment.hpp"

namespace pelton {
namespace {

// A directory of one test, removed in the destructor.
class Scratch {
 public:
  Scratch() { EXPECT_NE(::mkdtemp(path_), nullptr); }
  ~Scratch() {
    const std::string command = std::string("rm -rf ") + path_;
    EXPECT_EQ(::system(command.c_str()), 0);
  }
  std::string file(const std::string& name) const { return std::string(path_) + "/" + name; }
  std::string text_of(const std::string& name) const {
    std::ifstream stream(file(name));
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
  }

 private:
  char path_[32] = "/tmp/pelton-cores-XXXXXX";
};

CoresOptions shell(const std::string& script, std::size_t workers) {
  CoresOptions options;
  options.command = {"/bin/sh", "-c", script};
  options.listeners.resize(workers);
  return options;
}

// The worker reports that it serves; descriptors above 9 need eval in dash.
const std::string report_ready = "eval \"echo ready >/proc/self/fd/$PELTON_WORKER_REPORT\"; ";

// The workers of these tests stop their parent, so that no test waits for a clock.
TEST(Cores, PRC_001_term_is_passed_on_and_ends_with_0) {
  Scratch scratch;
  const std::string out = scratch.file("out");
  EXPECT_EQ(supervise(shell("trap 'echo stopped >>" + out + "; exit 0' TERM; " + report_ready +
                                "kill -TERM $PPID; while :; do :; done",
                            1)),
            0);
  EXPECT_EQ(scratch.text_of("out"), "stopped\n");
}

TEST(Cores, PRC_055_a_worker_that_never_became_ready_ends_with_3) {
  std::string said;
  CoresOptions options = shell("exit 7", 2);
  options.report = [&](std::string_view line, auto) { said += std::string(line) + "\n"; };
  EXPECT_EQ(supervise(options), 3);
  EXPECT_NE(said.find("exited with 7\n"), std::string::npos) << said;
}

TEST(Cores, PRC_052_why_no_worker_can_start_is_said_once) {
  std::string said;
  CoresOptions options =
      shell("eval \"echo the port is taken >/proc/self/fd/$PELTON_WORKER_REPORT\"; exit 3", 3);
  options.report = [&](std::string_view line, auto) { said += std::string(line) + "\n"; };
  EXPECT_EQ(supervise(options), 3);
  EXPECT_EQ(said, "the port is taken\n");
}

TEST(Cores, PRC_031_why_a_replacement_cannot_start_is_said_with_its_worker) {
  std::string said;
  const std::string script =
      "if [ $PELTON_WORKER_RESTARTS = 1 ]; then "
      "eval \"echo no memory >/proc/self/fd/$PELTON_WORKER_REPORT\"; exit 3; fi; " +
      report_ready +
      "if [ $PELTON_WORKER_RESTARTS = 2 ]; then kill -TERM $PPID; exit 0; fi; exit 1";
  CoresOptions options = shell(script, 1);
  options.report = [&](std::string_view line, auto) { said += std::string(line) + "\n"; };
  EXPECT_EQ(supervise(options), 0);
  EXPECT_NE(said.find(") exited with 1\n"), std::string::npos) << said;
  EXPECT_NE(said.find(") exited with 3: no memory\n"), std::string::npos) << said;
}

TEST(Cores, PRC_030_a_crashed_worker_is_replaced_and_knows_how_often) {
  Scratch scratch;
  const std::string out = scratch.file("out");
  const std::string script = report_ready + "echo $PELTON_WORKER_ID $PELTON_WORKER_RESTARTS >>" +
                             out +
                             "; if [ $PELTON_WORKER_RESTARTS = 3 ]; then kill -TERM $PPID; exit 0; "
                             "fi; kill -KILL $$";
  EXPECT_EQ(supervise(shell(script, 1)), 0);
  EXPECT_EQ(scratch.text_of("out"), "0 0\n0 1\n0 2\n0 3\n");
}

TEST(Cores, PRC_001_a_second_signal_forces_the_end) {
  EXPECT_EQ(supervise(shell("trap '' TERM; " + report_ready +
                                "kill -INT $PPID; kill -INT $PPID; "
                                "while :; do kill -INT $PPID; done",
                            1)),
            128 + SIGINT);
}

// A worker that sends QUIT to its supervisor and writes to `out` when QUIT reaches the worker.
CoresOptions quit_by_worker(const std::string& out) {
  return shell("trap 'echo quit >>" + out + "; exit 0' QUIT; " + report_ready +
                   "kill -QUIT $PPID; while :; do :; done",
               1);
}

TEST(Cores, PRC_002_quit_is_passed_on_and_ends_with_0) {
  Scratch scratch;
  const std::string out = scratch.file("out");
  EXPECT_EQ(supervise(quit_by_worker(out)), 0);
  EXPECT_EQ(scratch.text_of("out"), "quit\n");
}

// With QUIT ignored, as a shell starts a background command.
TEST(Cores, PRC_002_quit_is_passed_on_where_it_was_ignored) {
  auto* const before = ::signal(SIGQUIT, SIG_IGN);
  Scratch scratch;
  const std::string out = scratch.file("out");
  EXPECT_EQ(supervise(quit_by_worker(out)), 0);
  EXPECT_EQ(scratch.text_of("out"), "quit\n");
  ::signal(SIGQUIT, before);
}

TEST(Cores, PRC_002_quit_makes_a_stop_quick_that_has_begun) {
  Scratch scratch;
  const std::string out = scratch.file("out");
  CoresOptions options =
      shell("trap 'echo term >>" + out + "; kill -QUIT $PPID' TERM; " + "trap 'echo quit >>" + out +
                "; exit 0' QUIT; " + report_ready + "kill -TERM $PPID; while :; do :; done",
            1);
  options.graceful_timeout_ms = 1'000'000;
  EXPECT_EQ(supervise(options), 0);
  EXPECT_EQ(scratch.text_of("out"), "term\nquit\n");
}

TEST(Cores, PRC_002_who_does_not_heed_quit_is_killed) {
  CoresOptions options =
      shell("trap '' QUIT; " + report_ready + "kill -QUIT $PPID; while :; do :; done", 1);
  options.graceful_timeout_ms = 1'000'000;
  options.lifespan_shutdown_timeout_ms = 0;
  std::string said;
  options.report = [&](std::string_view line, auto) { said += std::string(line) + "\n"; };
  EXPECT_EQ(supervise(options), 0);
  EXPECT_EQ(said, "the stop took too long; what is left of it is killed\n");
}

TEST(Cores, LIM_092_a_worker_that_does_not_get_ready_ends_the_start) {
  for (const std::uint64_t n : {49, 50, 51}) {
    std::string said;
    CoresOptions options = shell("while :; do :; done", 1);
    options.worker_start_timeout_ms = n;
    options.report = [&](std::string_view line, auto) { said += std::string(line) + "\n"; };
    EXPECT_EQ(supervise(options), 3);
    EXPECT_EQ(said, "cannot start: a worker was not ready within " + std::to_string(n) +
                        " ms; what it waits for at its start takes too long\n");
  }
}

TEST(Cores, LIM_092_one_that_replaces_another_is_replaced_itself) {
  std::string said;
  CoresOptions options =
      shell("if [ $PELTON_WORKER_RESTARTS = 1 ]; then trap '' ABRT; while :; do :; done; fi; " +
                report_ready +
                "if [ $PELTON_WORKER_RESTARTS = 2 ]; then kill -TERM $PPID; exit 0; fi; exit 1",
            1);
  // Long enough for a shell to start on a busy machine.
  options.worker_start_timeout_ms = 3000;
  options.report = [&](std::string_view line, auto) { said += std::string(line) + "\n"; };
  EXPECT_EQ(supervise(options), 0);
  // The worker ignored ABRT too.
  EXPECT_NE(said.find("was killed by signal 9: cannot start: a worker was not ready"),
            std::string::npos)
      << said;
}

// LIM-094: the first restarts are immediate, later ones slower, which is reported once.
TEST(Cores, LIM_094_a_crash_loop_is_slowed_down_and_said) {
  for (const std::uint64_t n : {0, 1, 2}) {
    std::string said;
    CoresOptions options =
        shell(report_ready +
                  "if [ $PELTON_WORKER_RESTARTS = 2 ]; then kill -TERM $PPID; exit 0; "
                  "fi; kill -KILL $$",
              1);
    options.restarts_burst = n;
    options.restarts_window_ms = 1'000'000;
    options.report = [&](std::string_view line, auto) { said += std::string(line) + "\n"; };
    EXPECT_EQ(supervise(options), 0);
    const std::string slow = "workers have died " + std::to_string(n + 1) + " times within";
    EXPECT_EQ(said.find(slow) != std::string::npos, n < 2) << said;
    EXPECT_EQ(said.find("times within", said.find(slow) + slow.size()), std::string::npos) << said;
  }
}

// Where the CoreState of bank 1 begins in a segment: the place of a mark that is written there.
std::size_t first_state_at() {
  constexpr std::uint64_t mark = 0x6B72'616D'2061'2073;
  auto segment = StatsSegment::create(2);
  if (!segment) return ADD_FAILURE(), 0;
  segment->state(1).phase = mark;
  std::size_t at = 0;
  for (std::uint64_t word = 0; word != mark; at += sizeof word) {
    if (::pread(segment->descriptor(), &word, sizeof word, static_cast<off_t>(at)) !=
        static_cast<ssize_t>(sizeof word)) {
      return ADD_FAILURE() << "the mark is not in the segment", 0;
    }
  }
  return at - sizeof mark;
}

// A command by which a worker overwrites its CoreState with these octets, escaped for printf(1).
std::string show_state(const std::string& octets) {
  return "printf '" + octets + "' | dd bs=1 conv=notrunc seek=" + std::to_string(first_state_at()) +
         " of=/proc/self/fd/${PELTON_WORKER_STATS%,*} 2>/dev/null; ";
}

// As with a filter that kills a process for io_uring: the worker dies in the phase `probing`.
TEST(Cores, ENG_004_a_worker_that_dies_while_probing_comes_back_on_epoll) {
  std::string said;
  CoresOptions options =
      shell("if [ -z \"$PELTON_WORKER_ENGINE\" ]; then " + show_state("\\001") +
                "kill -SYS $$; fi; [ $PELTON_WORKER_ENGINE = epoll ] || exit 5; " + report_ready +
                "kill -TERM $PPID; exit 0",
            1);
  options.report = [&](std::string_view line, auto) { said += std::string(line) + "\n"; };
  EXPECT_EQ(supervise(options), 0);
  EXPECT_NE(said.find("as it tried io_uring; it starts again with epoll\n"), std::string::npos)
      << said;
}

// The worker's last heartbeat is at 1 ms of the clock.
TEST(Cores, PRC_017_PRC_034_a_worker_that_ends_unasked_and_does_not_get_it_done_is_replaced) {
  std::string said;
  CoresOptions options =
      shell("if [ $PELTON_WORKER_RESTARTS = 1 ]; then " + report_ready +
                "kill -TERM $PPID; exit 0; fi; " + show_state("\\003\\0\\0\\0\\0\\0\\0\\0\\001") +
                report_ready + "while :; do :; done",
            1);
  options.graceful_timeout_ms = 1;
  options.report = [&](std::string_view line, auto) { said += std::string(line) + "\n"; };
  EXPECT_EQ(supervise(options), 0);
  EXPECT_NE(said.find("was killed by signal 6: its shutdown took longer than timeouts.graceful\n"),
            std::string::npos)
      << said;
}

// The successor of a supervisor of one worker, which asks for it.
CoresOptions upgraded(const std::string& worker, const std::string& successor) {
  CoresOptions options =
      shell("trap 'exit 0' TERM; " + report_ready + "kill -USR2 $PPID; " + worker, 1);
  options.upgrade.command = {"/bin/sh", "-c", successor};
  return options;
}

TEST(Cores, PRC_005_a_successor_that_cannot_start_changes_nothing) {
  std::string said;
  CoresOptions options = upgraded("while :; do :; done", "exit 3");
  bool owns = true;
  options.own = [&](bool now) { owns = now; };
  options.report = [&](std::string_view line, auto) {
    said += std::string(line) + "\n";
    if (line.starts_with("upgrade failed")) ::kill(::getpid(), SIGTERM);
  };
  EXPECT_EQ(supervise(options), 0);
  EXPECT_TRUE(owns);
  EXPECT_NE(said.find(" exited with 3; the lines above say why\n"), std::string::npos) << said;
}

TEST(Cores, PRC_005_a_command_that_is_not_there_changes_nothing) {
  std::string said;
  CoresOptions options = upgraded("while :; do :; done", "");
  options.upgrade.command = {"/no/such/command"};
  options.report = [&](std::string_view line, auto) {
    said += std::string(line) + "\n";
    ::kill(::getpid(), SIGTERM);
  };
  EXPECT_EQ(supervise(options), 0);
  EXPECT_NE(said.find("goes on serving: No such file or directory\n"), std::string::npos) << said;
}

TEST(Cores, PRC_005_a_supervisor_whose_predecessor_goes_on_ends_with_3) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  CoresOptions options = shell("trap 'exit 0' TERM; " + report_ready + "while :; do :; done", 1);
  options.predecessor = ends[1];
  options.own = [](bool) { ADD_FAILURE(); };
  ::close(ends[0]);
  EXPECT_EQ(supervise(options), 3);
}

TEST(Cores, PRC_005_a_supervisor_whose_predecessor_yields_owns_the_listeners) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  ASSERT_EQ(::send(ends[0], "serve", 5, 0), 5);
  CoresOptions options = shell("trap 'exit 0' TERM; " + report_ready + "while :; do :; done", 1);
  options.predecessor = ends[1];
  bool owns = false;
  options.own = [&](bool now) {
    owns = now;
    ::kill(::getpid(), SIGTERM);
  };
  EXPECT_EQ(supervise(options), 0);
  EXPECT_TRUE(owns);
  ::close(ends[0]);
}

TEST(Cores, PRC_005_what_is_not_supported_is_said_and_ends_nothing) {
  std::string said;
  CoresOptions options = shell("trap 'exit 0' TERM; " + report_ready +
                                   "for name in USR2 TERM; do kill -$name $PPID; done; "
                                   "while :; do :; done",
                               1);
  options.report = [&](std::string_view line, auto) { said += std::string(line) + "\n"; };
  EXPECT_EQ(supervise(options), 0);
  EXPECT_EQ(said, "SIGUSR2 is not supported; it is ignored\n");
}

// A worker that goes on until a signal ends it, and writes its slot and number when it ends.
std::string until_term(const std::string& out) {
  return "trap 'echo $PELTON_WORKER_ID $PELTON_WORKER_RESTARTS ended of $PELTON_WORKER_GENERATION "
         ">>" +
         out + "; exit 0' TERM; " + report_ready;
}

const std::string go_on = "; while :; do :; done";

TEST(Cores, PRC_003_PRC_021_hup_starts_a_generation_and_ends_the_one_before) {
  Scratch scratch;
  std::string said;
  const std::string out = scratch.file("out");
  // The first process asks for a reload; what it is followed by ends everything.
  CoresOptions options = shell(until_term(out) +
                                   "if [ $PELTON_WORKER_RESTARTS = 0 ]; then kill -HUP $PPID; "
                                   "else while [ ! -s " +
                                   out + " ]; do :; done; kill -TERM $PPID; fi" + go_on,
                               1);
  options.report = [&](std::string_view line, auto) { said += std::string(line) + "\n"; };
  EXPECT_EQ(supervise(options), 0);
  EXPECT_EQ(scratch.text_of("out"), "0 0 ended of 1\n0 1 ended of 2\n");
  EXPECT_EQ(said, "reload: generation 2 starts\nreload: generation 2 serves\n");
}

TEST(Cores, PRC_022_a_reload_that_cannot_start_leaves_the_workers_as_they_are) {
  Scratch scratch;
  std::string said;
  const std::string out = scratch.file("out");
  // Of two new workers one starts and the other, which waits for that, cannot.
  const std::string up = scratch.file("up");
  const std::string script =
      "if [ $PELTON_WORKER_ID$PELTON_WORKER_RESTARTS = 11 ]; then while [ ! -e " + up +
      " ]; do :; done; "
      "eval \"printf 'the trace\\nthe module is missing\\n' "
      ">/proc/self/fd/$PELTON_WORKER_REPORT\"; "
      "exit 3; fi; " +
      until_term(out) + "if [ $PELTON_WORKER_ID$PELTON_WORKER_RESTARTS = 01 ]; then :>" + up +
      "; fi; if [ $PELTON_WORKER_ID$PELTON_WORKER_RESTARTS = 00 ]; then kill -HUP $PPID; "
      "while ! grep -qs '0 1' " +
      out + "; do :; done; kill -TERM $PPID; fi" + go_on;
  CoresOptions options = shell(script, 2);
  options.report = [&](std::string_view line, auto) { said += std::string(line) + "\n"; };
  EXPECT_EQ(supervise(options), 0);
  EXPECT_NE(said.find("the trace\nreload failed, generation 1 goes on serving: the module is "
                      "missing\n"),
            std::string::npos)
      << said;
  EXPECT_TRUE(scratch.text_of("out").starts_with("0 1 ended of 2\n")) << scratch.text_of("out");
  EXPECT_NE(scratch.text_of("out").find("0 0 ended of 1\n"), std::string::npos);
  EXPECT_NE(scratch.text_of("out").find("1 0 ended of 1\n"), std::string::npos);
}

TEST(Cores, PRC_022_a_reload_that_is_not_ready_in_time_ends) {
  std::string said;
  CoresOptions options = shell(
      "if [ $PELTON_WORKER_RESTARTS = 1 ]; then trap '' TERM; while :; do :; done; fi; "
      "trap 'exit 0' TERM; " +
          report_ready + "kill -HUP $PPID" + go_on,
      1);
  const pid_t supervisor = ::getpid();
  options.worker_start_timeout_ms = 100;
  options.report = [&](std::string_view line, auto) {
    said += std::string(line) + "\n";
    if (line.starts_with("reload failed")) ::kill(supervisor, SIGTERM);
  };
  EXPECT_EQ(supervise(options), 0);
  EXPECT_NE(said.find("reload failed, generation 1 goes on serving: cannot start: a worker was "
                      "not ready within 100 ms"),
            std::string::npos)
      << said;
}

TEST(Cores, PRC_003_signals_during_a_reload_ask_for_one_more) {
  Scratch scratch;
  std::string said;
  const std::string out = scratch.file("out");
  const std::string script =
      until_term(out) +
      "case $PELTON_WORKER_RESTARTS in 0) kill -HUP $PPID;; 3) kill -TERM $PPID;; esac" + go_on;
  CoresOptions options = shell(
      "if [ $PELTON_WORKER_RESTARTS = 1 ]; then for i in 1 2 3 4 5 6 7 8 9; do "
      "kill -HUP $PPID; done; fi; " +
          script,
      1);
  const pid_t supervisor = ::getpid();
  options.report = [&](std::string_view line, auto) {
    said += std::string(line) + "\n";
    if (line == "reload: generation 3 serves") ::kill(supervisor, SIGTERM);
  };
  EXPECT_EQ(supervise(options), 0);
  EXPECT_EQ(said,
            "reload: generation 2 starts\nreload: generation 2 serves\n"
            "reload: generation 3 starts\nreload: generation 3 serves\n");
}

TEST(Cores, PRC_001_PRC_003_a_stop_ends_a_reload) {
  for (const char* name : {"TERM", "INT", "QUIT"}) {
    std::string said;
    CoresOptions options = shell(
        "trap 'exit 0' TERM INT QUIT; if [ $PELTON_WORKER_RESTARTS = 1 ]; then kill -" +
            std::string(name) + " $PPID; else " + report_ready + "kill -HUP $PPID; fi" + go_on,
        1);
    options.report = [&](std::string_view line, auto) { said += std::string(line) + "\n"; };
    EXPECT_EQ(supervise(options), 0);
    EXPECT_EQ(said, "reload: generation 2 starts\n") << name;
  }
}

TEST(Cores, PRC_030_a_worker_that_dies_during_a_reload_is_replaced) {
  Scratch scratch;
  std::string said;
  // The second process is of the reload, and kills the first; the third comes in its place.
  const std::string script = "echo $$ >" + scratch.file("pid") + "$PELTON_WORKER_RESTARTS; " +
                             "if [ $PELTON_WORKER_RESTARTS = 1 ]; then read -r pid <" +
                             scratch.file("pid0") + "; kill -KILL $pid; while [ ! -s " +
                             scratch.file("pid2") + " ]; do :; done; fi; " +
                             until_term(scratch.file("out")) +
                             "if [ $PELTON_WORKER_RESTARTS = 0 ]; then kill -HUP $PPID; fi" + go_on;
  CoresOptions options = shell(script, 1);
  const pid_t supervisor = ::getpid();
  options.report = [&](std::string_view line, auto) {
    said += std::string(line) + "\n";
    if (line == "reload: generation 2 serves") ::kill(supervisor, SIGTERM);
  };
  EXPECT_EQ(supervise(options), 0);
  EXPECT_NE(said.find("was killed by signal 9\n"), std::string::npos) << said;
  EXPECT_NE(scratch.text_of("out").find("0 1 ended of 2\n"), std::string::npos);
}

TEST(Cores, PRC_006_ttin_and_ttou_change_the_number_of_workers) {
  Scratch scratch;
  std::string said;
  const std::string out = scratch.file("out");
  CoresOptions options = shell("echo $PELTON_WORKER_ID ${PELTON_WORKER_LISTENERS} >>" + out +
                                   "; trap 'exit 0' TERM; " + report_ready + go_on.substr(2),
                               2);
  const int first = ::dup(STDIN_FILENO);
  const int second = ::dup(STDIN_FILENO);
  options.listeners = {{first}, {second}};
  const pid_t supervisor = ::getpid();
  options.report = [&](std::string_view line, auto) {
    said += std::string(line) + "\n";
    if (line == "workers: 3") ::kill(supervisor, SIGTTOU);
    if (line == "workers: 2") ::kill(supervisor, SIGTTOU);
    if (line == "workers: 1") ::kill(supervisor, SIGTTOU);
    if (line.starts_with("SIGTTOU is ignored")) ::kill(supervisor, SIGTERM);
  };
  options.command[2] = "[ -e " + scratch.file("asked") + " ] || { : >" + scratch.file("asked") +
                       "; kill -TTIN $PPID; }; " + options.command[2];
  EXPECT_EQ(supervise(options), 0);
  EXPECT_EQ(said,
            "workers: 3\nworkers: 2\nworkers: 1\nSIGTTOU is ignored: one worker is the least\n");
  const std::string at_first = std::to_string(first);
  const std::string at_second = std::to_string(second);
  const std::string text = scratch.text_of("out");
  EXPECT_NE(text.find("2 " + at_first + "\n"), std::string::npos) << text;
  // The worker that is left serves the socket of the one that has gone.
  EXPECT_TRUE(text.ends_with("0 " + at_first + "," + at_second + "\n")) << text;
  ::close(first);
  ::close(second);
}

TEST(Cores, PRC_006_ttin_has_a_bound) {
  std::string said;
  CoresOptions options = shell("trap 'exit 0' TERM; " + report_ready +
                                   "[ $PELTON_WORKER_ID = 1 ] || kill -TTIN $PPID" + go_on,
                               1);
  const pid_t supervisor = ::getpid();
  options.report = [&](std::string_view line, auto) {
    said += std::string(line) + "\n";
    if (line == "workers: 2") ::kill(supervisor, SIGTTIN);
    if (line.starts_with("SIGTTIN is ignored")) ::kill(supervisor, SIGTERM);
  };
  EXPECT_EQ(supervise(options), 0);
  EXPECT_EQ(said,
            "workers: 2\nSIGTTIN is ignored: more than 2 workers need a start with a larger "
            "--workers\n");
}

TEST(Cores, PRC_054_a_reload_is_told_to_the_service_manager) {
  Scratch scratch;
  const std::string address = scratch.file("manager");
  const int manager = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
  address.copy(name.sun_path, sizeof name.sun_path - 1);
  ASSERT_EQ(::bind(manager, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  CoresOptions options =
      shell("trap 'exit 0' TERM; " + report_ready +
                "if [ $PELTON_WORKER_RESTARTS = 0 ]; then kill -HUP $PPID; fi" + go_on,
            1);
  options.notify_socket = address;
  const pid_t supervisor = ::getpid();
  options.report = [&](std::string_view line, auto) {
    if (line == "reload: generation 2 serves") ::kill(supervisor, SIGTERM);
  };
  EXPECT_EQ(supervise(options), 0);
  std::string told;
  char octets[256];
  for (ssize_t bytes; (bytes = ::recv(manager, octets, sizeof octets, MSG_DONTWAIT)) > 0;) {
    told += std::string(octets, static_cast<std::size_t>(bytes)) + "|";
  }
  ::close(manager);
  EXPECT_TRUE(told.starts_with("READY=1\nSTATUS=serving|RELOADING=1\nMONOTONIC_USEC=")) << told;
  EXPECT_TRUE(told.ends_with("|READY=1\nSTATUS=serving|STOPPING=1|")) << told;
}

// The test is supervisor and asker in one.
std::string answers_to_a_reload(const std::string& script) {
  const std::string address = "pelton-reload-" + std::to_string(::getpid());
  const int answers = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
  address.copy(name.sun_path + 1, sizeof name.sun_path - 1);
  const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + address.size());
  EXPECT_EQ(::bind(answers, reinterpret_cast<const sockaddr*>(&name), bytes), 0);
  CoresOptions options = shell(script, 1);
  const pid_t supervisor = ::getpid();
  options.report = [&](std::string_view line, auto) {
    if (!line.ends_with("starts")) ::kill(supervisor, SIGTERM);
  };
  sigset_t hup;  // it waits until the supervisor takes it
  sigset_t before;
  sigemptyset(&hup);
  sigaddset(&hup, SIGHUP);
  ::sigprocmask(SIG_BLOCK, &hup, &before);
  ::kill(supervisor, SIGHUP);
  EXPECT_EQ(supervise(options), 0);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  std::string heard;
  char octets[256];
  for (ssize_t count; (count = ::recv(answers, octets, sizeof octets, MSG_DONTWAIT)) > 0;) {
    heard += std::string(octets, static_cast<std::size_t>(count)) + "|";
  }
  ::close(answers);
  return heard;
}

TEST(Cores, PRC_022_who_asks_for_a_reload_hears_how_it_has_gone) {
  const std::string serve = "trap 'exit 0' TERM; " + report_ready + "while :; do :; done";
  EXPECT_EQ(answers_to_a_reload(serve), "asked|generation 2 serves|");
  EXPECT_EQ(answers_to_a_reload(
                "if [ $PELTON_WORKER_RESTARTS = 1 ]; then "
                "eval \"echo no module >/proc/self/fd/$PELTON_WORKER_REPORT\"; exit 3; fi; " +
                serve),
            "asked|failed: generation 1 goes on serving: no module|");
  EXPECT_EQ(answers_to_a_reload("if [ $PELTON_WORKER_RESTARTS = 1 ]; then kill -TERM $PPID; fi; " +
                                serve),
            "asked|failed: the supervisor stops|");
}

TEST(Cores, PRC_055_a_failure_in_a_stop_is_said) {
  std::string said;
  CoresOptions options =
      shell("trap 'exit 9' TERM; " + report_ready + "kill -TERM $PPID; while :; do :; done", 1);
  options.report = [&](std::string_view line, auto) { said += std::string(line) + "\n"; };
  EXPECT_EQ(supervise(options), 0);
  EXPECT_NE(said.find(") exited with 9\n"), std::string::npos) << said;
}

// PRC-004: USR1 also reaches a worker that has no handler yet.
TEST(Cores, PRC_004_usr1_is_passed_on) {
  Scratch scratch;
  const std::string out = scratch.file("out");
  EXPECT_EQ(supervise(shell("trap 'while read -r line; do echo \"$line\"; done </proc/$$/status >" +
                                out + "; exit 0' TERM; " + report_ready +
                                "kill -USR1 $PPID; kill -TERM $PPID; while :; do :; done",
                            1)),
            0);
  // The signal is pending (bit 9), because it is blocked until the worker has a handler.
  EXPECT_NE(scratch.text_of("out").find("ShdPnd:\t0000000000000200"), std::string::npos)
      << scratch.text_of("out");
}

TEST(Cores, OBS_005_workers_share_counters_that_survive_them) {
  Scratch scratch;
  const std::string out = scratch.file("out");
  const std::string script = report_ready + "echo $PELTON_WORKER_STATS >>" + out +
                             "; ls -l /proc/self/fd/${PELTON_WORKER_STATS%,*} >>" + out +
                             "; kill -TERM $PPID; exit 0";
  EXPECT_EQ(supervise(shell(script, 1)), 0);
  const std::string text = scratch.text_of("out");
  EXPECT_NE(text.find(",1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("memfd:pelton-stats"), std::string::npos) << text;
}

TEST(Cores, ENG_051_a_worker_inherits_its_listeners_by_number) {
  Scratch scratch;
  const std::string out = scratch.file("out");
  const int first = ::dup(STDIN_FILENO);
  const int second = ::dup(STDIN_FILENO);
  CoresOptions options = shell(
      report_ready + "echo $PELTON_WORKER_LISTENERS >>" + out + "; kill -TERM $PPID; exit 0", 1);
  options.listeners[0] = {first, second};
  EXPECT_EQ(supervise(options), 0);
  EXPECT_EQ(scratch.text_of("out"), std::to_string(first) + "," + std::to_string(second) + "\n");
  ::close(first);
  ::close(second);
}

}  // namespace
}  // namespace pelton
