#include "http/serve/event_log.hpp"

#include <string>

#include "core/log/timestamp.hpp"

namespace pelton::http {

void EventLog::report(Reason reason, EndpointSource* peer) {
  Seen& seen = seen_[static_cast<std::size_t>(reason)];
  if (clock_.now_ms() < seen.quiet_until_ms) {
    ++seen.untold;
    return;
  }
  seen.quiet_until_ms = clock_.now_ms() + interval_ms;
  const ReasonRow& row = reason_row(reason);
  std::string line(Timestamp(clock_.wall_seconds()).iso());
  line += row.counter_class == "refused" ? " info pelton: " : " warning pelton: ";
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

void EventLog::say(std::string_view level, std::string_view logger, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string record(Timestamp(clock_.wall_seconds()).iso());
  record.append(" ").append(level).append(" ").append(logger).append(": ");
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
