// Worker processes under a supervisor: it owns the listening sockets and nothing else, starts each
// worker as a fresh process (worker_start.hpp), replaces those that die or hang and passes the stop
// on.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pelton {

struct CoresOptions {
  std::vector<std::string> command;         // argv of a worker; argv[0] is searched in PATH
  std::vector<std::vector<int>> listeners;  // one entry a worker: descriptors it inherits
  // The listeners are somebody else's and outlive the stop. Otherwise the supervisor shuts each
  // down as soon as no connection waits in its queue any more, and connecting is refused.
  bool keeps_listeners = false;
  // The same for what workers tell each other, which outlives each of them; or no entry at all.
  std::vector<std::vector<int>> bus;
  std::string bus_name;                               // of these workers alone, on whatever machine
  std::uint64_t graceful_timeout_ms = 30'000;         // from the stop until what is left is killed
  std::uint64_t lifespan_shutdown_timeout_ms = 5000;  // of it; a quick stop has no less
  std::uint64_t worker_start_timeout_ms = 60'000;
  std::uint64_t watchdog_dump_ms = 5000;    // without a heartbeat, until its stacks are asked for
  std::uint64_t watchdog_kill_ms = 30'000;  // and until it is killed
  std::uint64_t restarts_burst = 5;         // quick restarts within the window (LIM-094)
  std::uint64_t restarts_window_ms = 10'000;
  std::string notify_socket;             // the service manager's, empty for none (PRC-054)
  std::uint64_t notify_watchdog_ms = 0;  // so often it wants to hear of us; 0: never
  // Told of every event as one line without a line end; the caller decides where it goes. Lines
  // above it are the traceback of an application that cannot start.
  std::function<void(std::string_view)> report;
};

// A worker that turns its loop no more gets this: it logs its stacks and goes on (PRC-034).
int stacks_signal();

// Runs until a stop was asked for or no worker can start. Blocks TERM, INT, QUIT, USR1 and CHLD for
// the calling process, takes them by signalfd(2) and restores the mask on return; the same for HUP,
// USR2, TTIN and TTOU, which do nothing yet but would end or halt it. QUIT and USR1 are
// passed on; a worker begins with USR1 blocked, so that one that comes early waits for the worker's
// handler. Has no loop, no engine and no thread of its own (ENG-050).
// Returns the exit code: 0 stopped; 1 the counters that workers share cannot be made; 3 a worker
// failed before any was ever ready; 128 + n forced by a second signal n (PRC-001, PRC-055).
int supervise(const CoresOptions& options);

}  // namespace pelton
