// USR1 for the time of a server: its log files are opened anew (PRC-004).
#pragma once

#include <signal.h>

#include "core/fork_guard.hpp"
#include "core/log/writer.hpp"

namespace pelton::py {

class ReopenSignal {
 public:
  // One at a time. A handler that the application has set for USR1 stays in place.
  explicit ReopenSignal(LogWriter& writer);
  ReopenSignal(const ReopenSignal&) = delete;
  ReopenSignal& operator=(const ReopenSignal&) = delete;
  ~ReopenSignal();

  // Both in a signal handler too. False in a child that the application forked.
  bool is_ours() const { return fork_guard_.owns(); }
  void give_back() const;

 private:
  ForkGuard fork_guard_;
  struct sigaction before_{};
  bool taken_ = false;
};

}  // namespace pelton::py
