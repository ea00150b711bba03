// Starts another program as a child process, by posix_spawn(3): nothing of this process runs in it.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <expected>
#include <span>
#include <string>

namespace pelton {

struct ProcessStart {
  std::span<const std::string> command;       // argv; argv[0] is searched in PATH
  std::span<const std::string> environment;   // the whole of it, as NAME=value
  std::span<const int> inherited;             // descriptors that keep their numbers
  sigset_t mask;                              // signals that are blocked in it
  std::span<const int> default_signals = {};  // signals that get their default action back
  bool leads_group = false;                   // it has a process group of its own
};

// The error is an errno.
std::expected<pid_t, int> start_process(const ProcessStart& start);

}  // namespace pelton
