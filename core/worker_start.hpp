// Starts one worker as a fresh process (posix_spawn(3)) with its descriptors and its environment.
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

// Variables a worker finds in its environment, in addition to the supervisor's.
inline constexpr const char* worker_id_variable = "PELTON_WORKER_ID";  // 0, 1, ...
inline constexpr const char* worker_restarts_variable =
    "PELTON_WORKER_RESTARTS";  // processes of the slot before
inline constexpr const char* worker_count_variable = "PELTON_WORKER_COUNT";
inline constexpr const char* worker_generation_variable =
    "PELTON_WORKER_GENERATION";  // 1, one more after each reload
inline constexpr const char* listeners_variable = "PELTON_WORKER_LISTENERS";  // "5,6"
// Listeners of somebody else, which stay open after a stop; without any it is not set.
inline constexpr const char* listeners_kept_variable = "PELTON_WORKER_LISTENERS_KEPT";
// A pipe that takes one write: either that the worker serves, or one line that says why it cannot
// start, with the application's traceback above that line.
inline constexpr const char* report_variable = "PELTON_WORKER_REPORT";
inline constexpr std::string_view worker_is_ready = "ready";
// "7,2": the descriptor of a StatsSegment, and the worker's bank in it.
inline constexpr const char* stats_variable = "PELTON_WORKER_STATS";
// The supervisor's process ID: the worker ends when that process has gone (PRC-032).
inline constexpr const char* supervisor_variable = "PELTON_WORKER_SUPERVISOR";
// "name,5,6": the bus between workers and this worker's descriptors of it (PRC-020 holds for them).
inline constexpr const char* bus_variable = "PELTON_WORKER_BUS";
// "epoll" if io_uring failed in an earlier process of this slot, or killed it (ENG-004).
inline constexpr const char* engine_variable = "PELTON_WORKER_ENGINE";

struct WorkerStart {
  std::span<const std::string> command;
  std::span<const int> listeners;
  std::span<const int> listeners_kept;
  std::string_view bus_name;
  std::span<const int> bus;  // empty: no bus
  int stats_descriptor;
  std::uint32_t bank;  // in the segment
  std::size_t index;
  std::size_t count;  // of all workers
  std::uint64_t restarts;
  std::uint64_t generation;
  bool epoll_only;
  sigset_t mask;
};

struct StartedWorker {
  pid_t pid;
  int report_pipe;  // the read end; the caller closes it
};

// The error is an errno. The process leads a process group of its own; TERM, INT, QUIT and USR1
// have their default action, even if the supervisor was started with them ignored.
std::expected<StartedWorker, int> start_worker(const WorkerStart& start);

// A worker's report without its last line end; empty if the worker ended without one. No value if
// there is no report yet.
std::optional<std::string> report_in(int pipe);

// Words for log lines: a worker's name, "worker 0 (pid 7) ", and how it ended by its waitpid(2)
// status, "exited with 3".
std::string name_of_worker(std::size_t index, pid_t pid);
std::string end_of_worker(int status);

}  // namespace pelton
