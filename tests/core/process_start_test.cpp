#include "core/process_start.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

namespace pelton {
namespace {

// What a shell with this script writes to a pipe that it inherits.
std::string written_by(const std::string& script, std::span<const int> default_signals = {},
                       bool leads_group = false) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const std::string command[] = {"sh", "-c", "exec >/proc/self/fd/$OUT; " + script};
  const std::string environment[] = {"OUT=" + std::to_string(ends[1]), "PATH=/usr/bin:/bin"};
  const int inherited[] = {ends[1]};
  ProcessStart start{.command = command,
                     .environment = environment,
                     .inherited = inherited,
                     .mask = {},
                     .default_signals = default_signals,
                     .leads_group = leads_group};
  sigemptyset(&start.mask);
  const auto pid = start_process(start);
  ::close(ends[1]);
  EXPECT_TRUE(pid.has_value());
  std::string text;
  char octets[4096];
  for (ssize_t bytes; (bytes = ::read(ends[0], octets, sizeof octets)) > 0;) {
    text.append(octets, static_cast<std::size_t>(bytes));
  }
  ::close(ends[0]);
  if (pid) {
    EXPECT_EQ(::waitpid(*pid, nullptr, 0), *pid);
  }
  return text;
}

TEST(ProcessStart, it_has_this_environment_and_the_descriptors_it_inherits) {
  const std::string text = written_by("env");
  EXPECT_NE(text.find("PATH=/usr/bin:/bin\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("HOME="), std::string::npos) << text;
}

TEST(ProcessStart, it_has_this_mask) {
  const std::string command[] = {"sleep", "60"};
  ProcessStart start{.command = command, .environment = {}, .inherited = {}, .mask = {}};
  sigemptyset(&start.mask);
  sigaddset(&start.mask, SIGUSR1);
  const auto pid = start_process(start);
  ASSERT_TRUE(pid.has_value());
  std::ifstream status("/proc/" + std::to_string(*pid) + "/status");
  const std::string text(std::istreambuf_iterator<char>(status), {});
  EXPECT_NE(text.find("SigBlk:\t0000000000000200\n"), std::string::npos) << text;
  ::kill(*pid, SIGKILL);
  EXPECT_EQ(::waitpid(*pid, nullptr, 0), *pid);
}

// Whether a process with these default signals ignores SIGQUIT.
bool ignores_quit(std::span<const int> default_signals = {}) {
  const std::string mask = written_by("grep SigIgn /proc/self/status", default_signals);
  constexpr std::string_view name = "SigIgn:\t";
  EXPECT_TRUE(mask.starts_with(name)) << mask;
  return (std::stoull(mask.substr(name.size()), nullptr, 16) >> (SIGQUIT - 1) & 1) != 0;
}

TEST(ProcessStart, an_ignored_signal_gets_its_default_action_back_only_if_asked) {
  const auto before = ::signal(SIGQUIT, SIG_IGN);
  EXPECT_TRUE(ignores_quit());
  constexpr int quit[] = {SIGQUIT};
  EXPECT_FALSE(ignores_quit(quit));
  ::signal(SIGQUIT, before);
}

TEST(ProcessStart, it_leads_a_process_group_if_asked) {
  const std::string group = "cut -d' ' -f5 /proc/$$/stat";
  EXPECT_EQ(written_by(group), std::to_string(::getpgrp()) + "\n");
  EXPECT_NE(written_by(group, {}, true), std::to_string(::getpgrp()) + "\n");
}

TEST(ProcessStart, a_program_that_is_not_there_is_an_errno) {
  const std::string command[] = {"/no/such/program"};
  ProcessStart start{.command = command, .environment = {}, .inherited = {}, .mask = {}};
  sigemptyset(&start.mask);
  const auto pid = start_process(start);
  ASSERT_FALSE(pid.has_value());
  EXPECT_EQ(pid.error(), ENOENT);
}

}  // namespace
}  // namespace pelton
