// Starts one worker as a fresh process (fork and exec): what it inherits and what it is told.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pelton {

// What a worker finds in its environment, beside the supervisor's own.
inline constexpr const char* worker_id_variable = "PELTON_WORKER_ID";  // 0, 1, ...
inline constexpr const char* worker_restarts_variable = "PELTON_WORKER_RESTARTS";
inline constexpr const char* listeners_variable = "PELTON_WORKER_LISTENERS";  // "5,6"
// A pipe for one text in one write: that the worker serves, or why it cannot start, in one line and
// with the application's traceback above it.
inline constexpr const char* report_variable = "PELTON_WORKER_REPORT";
inline constexpr std::string_view worker_is_ready = "ready";
// "7,2": a StatsSegment and the worker's bank in it.
inline constexpr const char* stats_variable = "PELTON_WORKER_STATS";
// The process without which the worker has no reason to live (PRC-032).
inline constexpr const char* supervisor_variable = "PELTON_WORKER_SUPERVISOR";
// "name,5,6": the bus between workers, and the worker's descriptors of it (PRC-020 for them too).
inline constexpr const char* bus_variable = "PELTON_WORKER_BUS";
// "epoll" where the last process of this slot died while it tried io_uring (ENG-004).
inline constexpr const char* engine_variable = "PELTON_WORKER_ENGINE";

struct WorkerStart {
  std::span<const std::string> command;
  std::span<const int> listeners;
  std::string_view bus_name;
  std::span<const int> bus;  // empty: it is told of none
  int stats_descriptor;
  std::size_t index;
  std::uint64_t restarts;
  bool epoll_only;
  sigset_t mask;
};

struct StartedWorker {
  pid_t pid;
  int report_pipe;  // the read end, the caller's to close
};

// The error is an errno. The process leads a group of its own and ignores no signal that the
// supervisor does not ignore.
std::expected<StartedWorker, int> start_worker(const WorkerStart& start);

// What a worker has reported, without its last line end; empty if it ended without. Nothing so far:
// no value.
std::optional<std::string> report_in(int pipe);

// How it is called in what is said of it: "worker 0 (pid 7) "; and, by its status of waitpid(2),
// how it ended: "exited with 3".
std::string name_of_worker(std::size_t index, pid_t pid);
std::string end_of_worker(int status);

}  // namespace pelton
