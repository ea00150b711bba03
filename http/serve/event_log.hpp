// Lines of the error log about what went another way than the plain one: at most one a second for
// each reason, so that no flood of bad requests becomes a flood of lines.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/clock.hpp"
#include "core/log/writer.hpp"
#include "core/reason.hpp"
#include "http/serve/endpoints.hpp"

namespace pelton::http {

class EventLog {
 public:
  EventLog(LogWriter& writer, const Clock& clock) : writer_(writer), clock_(clock) {}
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  // `peer`: whose doing it was; null where it was nobody's.
  void report(Reason reason, EndpointSource* peer);

  // A text of the application's; all its lines but the first are indented, so that none of them can
  // pass for another record. What is beyond text_bytes_max is left out.
  void say(std::string_view level, std::string_view logger, std::string_view text);

  static constexpr std::size_t text_bytes_max = 16 * 1024;

 private:
  struct Seen {
    std::uint64_t quiet_until_ms = 0;
    std::uint64_t untold = 0;
  };

  static constexpr std::uint64_t interval_ms = 1000;

  LogWriter& writer_;
  const Clock& clock_;
  std::array<Seen, reason_count> seen_{};
};

}  // namespace pelton::http
