// How weighty a record of the error log is, in the words of the setting log_level.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pelton {

enum class LogLevel : std::uint8_t { trace, debug, info, warning, error, critical };

inline constexpr std::array<std::string_view, 6> log_level_words = {"trace",   "debug", "info",
                                                                    "warning", "error", "critical"};

constexpr std::string_view word_of(LogLevel level) {
  return log_level_words[static_cast<std::size_t>(level)];
}

// The level of a word; none for any other word.
constexpr std::optional<LogLevel> log_level_of(std::string_view word) {
  for (std::size_t index = 0; index < log_level_words.size(); ++index) {
    if (log_level_words[index] == word) return static_cast<LogLevel>(index);
  }
  return std::nullopt;
}

}  // namespace pelton
