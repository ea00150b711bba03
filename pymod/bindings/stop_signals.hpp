// TERM, INT and QUIT while a server runs: the first TERM or INT stops it, the second ends
// the process, whatever Python is doing meanwhile (PRC-001); QUIT makes the stop quick (PRC-002).
#pragma once

#include <csignal>

#include "http/serve/server.hpp"

namespace noria::py {

// Takes all three signals for its lifetime and restores what was there. One at a time in a process.
class StopSignals {
 public:
  explicit StopSignals(http::Server& server);
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

 private:
  struct sigaction old_term_{};
  struct sigaction old_int_{};
  struct sigaction old_quit_{};
};

}  // namespace noria::py
