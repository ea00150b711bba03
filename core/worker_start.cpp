#include "core/worker_start.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "core/process_start.hpp"

extern char** environ;

namespace pelton {
namespace {

// Variables that an outer supervisor or the service manager has set for this process alone.
bool is_ours_alone(std::string_view variable) {
  if (variable.starts_with("PELTON_WORKER_LIFETIME=")) return false;  // a user's setting
  for (const std::string_view prefix :
       {"PELTON_WORKER_", "NOTIFY_SOCKET=", "WATCHDOG_USEC=", "WATCHDOG_PID=", "LISTEN_FDS=",
        "LISTEN_FDNAMES=", "LISTEN_PID="}) {
    if (variable.starts_with(prefix)) return true;
  }
  return false;
}

std::string joined(std::span<const int> descriptors) {
  std::string text;
  for (const int descriptor : descriptors) {
    if (!text.empty()) text += ',';
    text += std::to_string(descriptor);
  }
  return text;
}

std::vector<std::string> environment_of(const WorkerStart& start, int report) {
  const auto set = [](const char* name, const std::string& value) {
    return std::string(name) + "=" + value;
  };
  std::vector<std::string> environment{
      set(worker_id_variable, std::to_string(start.index)),
      set(worker_count_variable, std::to_string(start.count)),
      set(worker_restarts_variable, std::to_string(start.restarts)),
      set(worker_generation_variable, std::to_string(start.generation)),
      set(stats_variable,
          std::to_string(start.stats_descriptor) + "," + std::to_string(start.bank)),
      set(listeners_variable, joined(start.listeners)),
      set(report_variable, std::to_string(report)),
      set(supervisor_variable, std::to_string(::getpid())),
  };
  if (!start.bus.empty()) {
    environment.push_back(set(bus_variable, std::string(start.bus_name) + ',' + joined(start.bus)));
  }
  if (!start.listeners_kept.empty()) {
    environment.push_back(set(listeners_kept_variable, joined(start.listeners_kept)));
  }
  if (start.epoll_only) environment.push_back(set(engine_variable, "epoll"));
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!is_ours_alone(*entry)) environment.emplace_back(*entry);
  }
  return environment;
}

}  // namespace

std::expected<StartedWorker, int> start_worker(const WorkerStart& start) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::unexpected(errno);

  std::vector<int> inherited(start.listeners.begin(), start.listeners.end());
  inherited.insert(inherited.end(), start.bus.begin(), start.bus.end());
  inherited.push_back(ends[1]);
  inherited.push_back(start.stats_descriptor);
  // A shell starts a supervisor in the background with INT and QUIT ignored, and exec(2) keeps
  // signals ignored; the worker must take those that the supervisor passes on.
  constexpr int heard[] = {SIGTERM, SIGINT, SIGQUIT, SIGUSR1};
  const std::vector<std::string> environment = environment_of(start, ends[1]);
  const auto pid = start_process({.command = start.command,
                                  .environment = environment,
                                  .inherited = inherited,
                                  .mask = start.mask,
                                  .default_signals = heard,
                                  // A terminal's Ctrl-C reaches only the supervisor, which passes
                                  // it on once.
                                  .leads_group = true});
  ::close(ends[1]);
  if (!pid) {
    ::close(ends[0]);
    return std::unexpected(pid.error());
  }
  return StartedWorker{*pid, ends[0]};
}

std::optional<std::string> report_in(int pipe) {
  pollfd entry{pipe, POLLIN, 0};
  if (::poll(&entry, 1, 0) != 1) return std::nullopt;
  // A report is one write of at most PIPE_BUF octets, so it arrives whole or not at all.
  char octets[PIPE_BUF];
  const ssize_t bytes = ::read(pipe, octets, sizeof octets);
  std::string_view report(octets, bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
  while (report.ends_with('\n')) report.remove_suffix(1);
  return std::string(report);
}

std::string name_of_worker(std::size_t index, pid_t pid) {
  return "worker " + std::to_string(index) + " (pid " + std::to_string(pid) + ") ";
}

std::string end_of_worker(int status) {
  return WIFSIGNALED(status) ? "was killed by signal " + std::to_string(WTERMSIG(status))
                             : "exited with " + std::to_string(WEXITSTATUS(status));
}

}  // namespace pelton
