// Handles USR1 while a server runs: reopens its log files (PRC-004).
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

  // Both may be called in a signal handler. is_ours() is false in a child that the application has
  // forked.
  bool is_ours() const { return fork_guard_.owns(); }
  void give_back() const;

 private:
  ForkGuard fork_guard_;
  struct sigaction before_{};
  bool taken_ = false;
};

}  // namespace pelton::py
