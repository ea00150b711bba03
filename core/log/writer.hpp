// The log of one core: the loop appends records and never waits, one extra thread writes them.
// Records that do not fit or cannot be written are dropped and counted (PRC-050).
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/log/destination.hpp"
#include "core/stats.hpp"

namespace pelton {

enum class LogKind : std::uint8_t {
  access,  // one record per exchange
  error,   // has an eighth of the queue to itself, which the access log cannot fill
};

class LogWriter {
 public:
  // `queue_bytes_max` bounds both queues together (LIM-095).
  LogWriter(LogDestination access, LogDestination error, std::size_t queue_bytes_max, Stats& stats);
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  ~LogWriter() { finish(); }

  // --- the loop's thread ---

  // A record is one line, or several lines of which all but the first begin with a space; it ends
  // with a line feed. It is written after the next commit(). False if it was dropped.
  bool append(LogKind lane, std::string_view record);
  // The end of a turn: gives the appended records to the thread; a system call only if it sleeps.
  void commit();
  // Writes queued records for at most flush_timeout_ms and ends the thread; drops later records.
  void finish();

  // --- any thread, also a signal handler ---

  // Makes the thread open the files anew at their paths, between two records (PRC-004).
  void reopen();
  std::size_t bytes_queued() const;

  static constexpr std::uint64_t flush_timeout_ms = 500;

 private:
  struct State;

  void start();

  Stats& stats_;
  // Shared with the thread: a thread that hangs in the kernel outlives this object.
  std::shared_ptr<State> state_;
  pthread_t thread_{};
  pid_t started_by_ = 0;  // 0: no thread
  bool finished_ = false;
};

}  // namespace pelton
