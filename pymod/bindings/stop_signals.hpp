// TERM, INT and QUIT while a server runs: the first TERM or INT stops it, the second ends the
// process, whatever Python does meanwhile (PRC-001); QUIT makes the stop quick (PRC-002). HUP,
// USR2, TTIN and TTOU do nothing, unless the application has set a handler of its own. In a child
// that the application forks, all of them do what they did before.
#pragma once

#include <array>
#include <csignal>

#include "core/fork_guard.hpp"
#include "http/serve/server.hpp"

namespace pelton::py {

// Handles all of them for its lifetime and restores the previous actions. One at a time in a
// process.
class StopSignals {
 public:
  explicit StopSignals(http::Server& server);
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  // Both may be called in a signal handler. is_ours() is false in a forked child.
  bool is_ours() const { return fork_guard_.owns(); }
  // Restores the previous actions.
  void give_back() const;

 private:
  static constexpr std::array unsupported{SIGHUP, SIGUSR2, SIGTTIN, SIGTTOU};

  ForkGuard fork_guard_;
  struct sigaction old_term_{};
  struct sigaction old_int_{};
  struct sigaction old_quit_{};
  std::array<struct sigaction, unsupported.size()> old_unsupported_{};
};

}  // namespace pelton::py
