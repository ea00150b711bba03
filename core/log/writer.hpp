// The log of one core: records are appended by its loop, which never waits, and written by one
// thread of its own. What finds no room, or cannot be written, is dropped and counted (PRC-050).
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
  access,  // one record an exchange
  error,   // what went wrong; has an eighth of the queue to itself, so that no access log fills it
};

class LogWriter {
 public:
  // `queue_bytes_max` bounds what both lanes hold together (LIM-095).
  LogWriter(LogDestination access, LogDestination error, std::size_t queue_bytes_max, Stats& stats);
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  ~LogWriter() { finish(); }

  // --- the loop's thread ---

  // A record is one line, or several of which all but the first begin with a space; it ends with a
  // line feed. False if it was dropped. It leaves after the next commit().
  bool append(LogKind lane, std::string_view record);
  // The end of a turn: hands over what was appended, with a system call only if the thread sleeps.
  void commit();
  // Writes what is still queued, for at most flush_timeout_ms, and ends the thread. Later records
  // are dropped.
  void finish();

  // --- any thread, also a signal handler ---

  // Files are opened anew at their paths, between two records (PRC-004).
  void reopen();
  std::size_t bytes_queued() const;

  static constexpr std::uint64_t flush_timeout_ms = 500;

 private:
  struct State;

  void start();

  Stats& stats_;
  // Shared with the thread: one that hangs in the kernel outlives this object.
  std::shared_ptr<State> state_;
  pthread_t thread_{};
  pid_t started_by_ = 0;  // 0: no thread
  bool finished_ = false;
};

}  // namespace pelton
