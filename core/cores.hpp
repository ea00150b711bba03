// Worker processes under a supervisor: it owns the listening sockets and nothing else, starts each
// worker as a fresh process (fork and exec), replaces those that die and passes the stop on.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace noria {

struct CoresOptions {
  std::vector<std::string> command;            // argv of a worker; argv[0] is searched in PATH
  std::vector<std::vector<int>> listeners;     // one entry a worker: descriptors it inherits
  std::uint64_t graceful_timeout_ms = 30'000;  // from the stop until what is left is killed
  std::uint64_t restarts_burst = 5;            // quick restarts within the window (LIM-094)
  std::uint64_t restarts_window_ms = 10'000;
  // Told of every event as one line without a line end; the caller decides where it goes.
  std::function<void(std::string_view)> report;
};

// What a worker finds in its environment, beside the supervisor's own.
inline constexpr const char* worker_id_variable = "NORIA_WORKER_ID";  // 0, 1, ...
inline constexpr const char* worker_restarts_variable = "NORIA_WORKER_RESTARTS";
inline constexpr const char* listeners_variable = "NORIA_WORKER_LISTENERS";  // "5,6"
// A pipe for one line in one write: that the worker serves, or why it cannot start.
inline constexpr const char* report_variable = "NORIA_WORKER_REPORT";
inline constexpr std::string_view worker_is_ready = "ready";

// "7,2": a StatsSegment and the worker's bank in it.
inline constexpr const char* stats_variable = "NORIA_WORKER_STATS";

// Runs until a stop was asked for or no worker can start. Blocks TERM, INT, USR1 and CHLD for the
// calling process, takes them by signalfd(2) and restores the mask on return. USR1 is passed on; a
// worker begins with it blocked, so that one that comes early waits for the worker's handler.
// Returns the exit code: 0 stopped; 1 the counters that workers share cannot be made; 3 a worker
// failed before any was ever ready; 128 + n forced by a second signal n (PRC-001, PRC-055).
int supervise(const CoresOptions& options);

}  // namespace noria
