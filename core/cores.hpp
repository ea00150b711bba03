// Worker processes under a supervisor, which holds the listening sockets, starts each worker as a
// fresh process (worker_start.hpp), replaces workers that die or hang, and passes on a stop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/worker_wear.hpp"

namespace pelton {

class StatsSegment;

// How the supervisor starts another one, which takes its place (successor.hpp).
struct UpgradeOptions {
  std::vector<std::string> command;      // argv; empty: there is no upgrade
  std::vector<std::string> environment;  // NAME=value
  std::vector<int> inherited;            // descriptors that the successor gets
  int pid_file = -1;                     // gets the successor's process ID when that one serves
};

struct CoresOptions {
  std::vector<std::string> command;         // argv of a worker; argv[0] is searched in PATH
  std::vector<std::vector<int>> listeners;  // one entry per worker: the descriptors it inherits
  // Those of them that belong to somebody else and stay open after the stop. The supervisor shuts
  // each other one down once its queue of connections is empty; new clients are then refused.
  std::vector<int> listeners_kept = {};
  std::uint64_t graceful_timeout_ms = 30'000;         // for a stop; then workers are killed
  std::uint64_t lifespan_shutdown_timeout_ms = 5000;  // part of it; a quick stop allows it too
  std::uint64_t worker_start_timeout_ms = 60'000;
  std::uint64_t watchdog_dump_ms = 5000;    // without a heartbeat until a worker logs its stacks
  std::uint64_t watchdog_kill_ms = 30'000;  // without a heartbeat until a worker is ended
  std::uint64_t restarts_burst = 5;         // quick restarts within the window (LIM-094)
  std::uint64_t restarts_window_ms = 10'000;
  WearLimits wear;
  std::string notify_socket;             // the service manager's, empty for none (PRC-054)
  std::uint64_t notify_watchdog_ms = 0;  // the longest silence the manager accepts; 0: any
  enum class Weight : std::uint8_t { news, trouble };
  // Takes every event as one line without a line end. Lines above it are the traceback of an
  // application that cannot start.
  std::function<void(std::string_view, Weight)> report = [](std::string_view, Weight) {};
  // Called once with the state that the workers publish, when the listeners are this supervisor's;
  // what it returns is kept until the end, or until a successor has them.
  std::function<std::shared_ptr<void>(StatsSegment&)> observe;
  UpgradeOptions upgrade;
  // The end of the socket to the supervisor whose place this one takes; -1: there was none.
  int predecessor = -1;
  // Called when the listeners, and all names by which others find this server, become this
  // supervisor's, or are a successor's from now on.
  std::function<void(bool)> own = [](bool) {};
};

// Makes a worker whose loop no longer turns log its stacks; the worker then goes on (PRC-034).
int stacks_signal();

// Runs until all workers have ended after a stop, or until no worker can start. Blocks TERM, INT,
// QUIT, HUP, TTIN, TTOU, USR1, USR2 and CHLD, takes them by signalfd(2) and restores the mask on
// return. QUIT and USR1 are passed on; a worker starts with USR1 blocked, so that an early one
// waits for the worker's handler. HUP starts new processes for all workers, which take over when
// all of them are ready, or end if one of them cannot start (PRC-021, PRC-022); TTIN and TTOU
// change the number of workers on the same road. Further ones wait meanwhile, as one. USR2 starts a
// successor, which inherits the listeners; when all its workers are ready, this supervisor's
// finish their requests and it returns (PRC-005). If the successor cannot start, or not in time, it
// ends and nothing changes. A worker that reaches a limit of `wear` is replaced, one at a time. The
// supervisor has no loop and no engine (ENG-050). Returns the exit
// code: 0 stopped; 1 the shared counters cannot be made; 3 a worker failed before any was ever
// ready, or before a predecessor yielded, or the workers cannot be connected; 128 + n forced by a
// second signal n (PRC-001, PRC-055).
int supervise(const CoresOptions& options);

}  // namespace pelton
