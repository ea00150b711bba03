#include "core/process_start.hpp"

#include <spawn.h>

#include <vector>

namespace pelton {
namespace {

std::vector<char*> pointers_to(std::span<const std::string> texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

std::expected<pid_t, int> start_process(const ProcessStart& start) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  // A descriptor duplicated onto itself loses close-on-exec in the child alone (ENG-051).
  for (const int descriptor : start.inherited) {
    ::posix_spawn_file_actions_adddup2(&actions, descriptor, descriptor);
  }

  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setsigmask(&attributes, &start.mask);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int number : start.default_signals) sigaddset(&defaults, number);
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (start.leads_group) flags |= POSIX_SPAWN_SETPGROUP;
  ::posix_spawnattr_setflags(&attributes, flags);

  const std::vector<char*> arguments = pointers_to(start.command);
  const std::vector<char*> variables = pointers_to(start.environment);
  pid_t pid = 0;
  const int error =
      ::posix_spawnp(&pid, arguments[0], &actions, &attributes, arguments.data(), variables.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return std::unexpected(error);
  return pid;
}

}  // namespace pelton
