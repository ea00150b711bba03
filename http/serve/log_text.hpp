// Octets of a request as logs may hold them: control octets, DEL, non-ASCII octets, the quote and
// the backslash become `\xNN` (H1-097), so that no request can end a line or a value, or upset a
// terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/json/string_scan.hpp"

namespace pelton::http {

enum class LogEscape : unsigned char {
  text,  // \xNN
  json,  // \\xNN, which a JSON reader gives back as \xNN
};

// Writes at most 4 (text) or 5 (json) octets for each octet, and up to 16 octets beyond the end;
// returns the end.
char* put_long_log_text(char* out, std::string_view octets, LogEscape escape);

// Bit i is set when octet i must be escaped.
template <class Block>
inline std::uint32_t log_escapes(const Block& block) {
  return block.special() | block.high() | block.equal_to('\x7F');
}

// The same; short plain texts, which most are, are copied at once. `octets` points to readable
// memory even when empty.
[[gnu::always_inline]] inline char* put_log_text(char* out, std::string_view octets,
                                                 LogEscape escape) {
  const char* const from = octets.data();
  if (octets.size() <= json::scan_block_bytes && json::lies_in_page(from, json::scan_block_bytes))
      [[likely]] {
    const auto block = json::ScanBlock::load_in_page(from);
    block.store(out);
    const std::uint32_t shown = (std::uint32_t{1} << octets.size()) - 1;
    if ((log_escapes(block) & shown) == 0) [[likely]]
      return out + octets.size();
  }
  return put_long_log_text(out, octets, escape);
}

}  // namespace pelton::http
