// Lines of the error log about events that are not plain: at most one a second for each reason, so
// that a flood of bad requests does not flood the log.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/log/level.hpp"
#include "core/log/writer.hpp"
#include "core/reason.hpp"
#include "http/serve/endpoints.hpp"

namespace pelton::http {

class EventLog {
 public:
  // Which records are written, and whether a terminal shows their levels in colours.
  struct Look {
    LogLevel level = LogLevel::info;
    bool is_painted = false;
  };

  EventLog(LogWriter& writer, const Clock& clock, Look look)
      : writer_(writer), clock_(clock), look_(look) {}
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  // `peer`: who caused the event; null if no peer did.
  void report(Reason reason, EndpointSource* peer);

  // A text of the application. All its lines but the first are indented, so that none can pass for
  // another record. What exceeds text_bytes_max is left out.
  void say(LogLevel level, std::string_view logger, std::string_view text);

  static constexpr std::size_t text_bytes_max = 16 * 1024;

 private:
  struct Seen {
    std::uint64_t quiet_until_ms = 0;
    std::uint64_t untold = 0;
  };

  static constexpr std::uint64_t interval_ms = 1000;

  // The time, the level and the logger, with which a record begins.
  std::string begin(LogLevel level, std::string_view logger) const;

  LogWriter& writer_;
  const Clock& clock_;
  const Look look_;
  std::array<Seen, reason_count> seen_{};
};

}  // namespace pelton::http
