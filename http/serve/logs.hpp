// A server's logs: one writer, and the formatters that feed it. Owned by the composition root;
// outlives the server.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "core/clock.hpp"
#include "core/log/writer.hpp"
#include "core/stats.hpp"
#include "http/serve/access_log.hpp"
#include "http/serve/event_log.hpp"

namespace pelton::http {

class Logs {
 public:
  Logs(LogDestination access_to, LogDestination error_to, std::size_t queue_bytes_max, Stats& stats,
       const Clock& clock, EventLog::Look look = {})
      : writer(std::move(access_to), std::move(error_to), queue_bytes_max, stats),
        events(writer, clock, look),
        clock_(clock) {}

  // From now on every exchange is logged.
  void enable_access(LogFormat format) {
    access = std::make_unique<AccessLog>(std::move(format), writer, clock_);
  }

  LogWriter writer;
  EventLog events;
  std::unique_ptr<AccessLog> access;  // null: no line is formatted

 private:
  const Clock& clock_;
};

}  // namespace pelton::http
