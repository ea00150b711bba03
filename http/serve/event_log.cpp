#include "http/serve/event_log.hpp"

#include <string>

#include "core/log/timestamp.hpp"

namespace pelton::http {
namespace {

// What a terminal is told (ECMA-48, section 8.3.117).
constexpr std::string_view faint = "\x1b[2m";
constexpr std::string_view plain = "\x1b[0m";

std::string_view paint_of(LogLevel level) {
  if (level >= LogLevel::error) return "\x1b[31m";    // red
  if (level == LogLevel::warning) return "\x1b[33m";  // yellow
  return "\x1b[32m";                                  // green
}

LogLevel level_of(const ReasonRow& row) {
  return row.counter_class == "refused" ? LogLevel::info : LogLevel::warning;
}

}  // namespace

std::string EventLog::begin(LogLevel level, std::string_view logger) const {
  const Timestamp time(clock_.wall_seconds());
  std::string made;
  if (look_.is_painted) {
    made.append(faint).append(time.iso()).append(plain).append(" ");
    made.append(paint_of(level)).append(word_of(level)).append(plain).append(" ");
  } else {
    made.append(time.iso()).append(" ").append(word_of(level)).append(" ");
  }
  return made.append(logger).append(": ");
}

void EventLog::report(Reason reason, EndpointSource* peer) {
  const ReasonRow& row = reason_row(reason);
  if (level_of(row) < look_.level) return;
  Seen& seen = seen_[static_cast<std::size_t>(reason)];
  if (clock_.now_ms() < seen.quiet_until_ms) {
    ++seen.untold;
    return;
  }
  seen.quiet_until_ms = clock_.now_ms() + interval_ms;
  std::string line = begin(level_of(row), "pelton");
  line.append(row.counter_class).append(".").append(row.word);
  if (peer != nullptr) {
    const Endpoints& ends = peer->endpoints();
    if (!ends.client_host.empty()) {
      line.append(", client ").append(ends.client_host);
      line.append(" port ").append(std::to_string(ends.client_port));
    }
  }
  if (seen.untold != 0) {
    line.append(", and ")
        .append(std::to_string(seen.untold))
        .append(" more since the last such line");
    seen.untold = 0;
  }
  line.push_back('\n');
  writer_.append(LogKind::error, line);
}

void EventLog::say(LogLevel level, std::string_view logger, std::string_view text) {
  if (level < look_.level) return;
  static constexpr char digits[] = "0123456789abcdef";
  std::string record = begin(level, logger);
  const bool cut = text.size() > text_bytes_max;
  for (const char octet : text.substr(0, text_bytes_max)) {
    if (octet == '\n') {
      record += "\n  ";
    } else if (static_cast<unsigned char>(octet) < 0x20 || octet == 0x7F) {
      // Escaped as H1-097 says; other octets stay, as texts may be in any language.
      record.append("\\x");
      record.push_back(digits[octet >> 4]);
      record.push_back(digits[octet & 15]);
    } else {
      record.push_back(octet);
    }
  }
  record += cut ? " ...\n" : "\n";
  writer_.append(LogKind::error, record);
}

}  // namespace pelton::http
