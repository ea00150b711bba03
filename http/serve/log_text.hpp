// Octets of a request as logs may hold them: control octets, DEL, what is not ASCII, the quote and
// the backslash become `\xNN` (H1-097), so that no request can end a line, a value or a terminal's
// patience.
#pragma once

#include <cstddef>
#include <string_view>

namespace noria::http {

enum class LogEscape : unsigned char {
  text,  // \xNN
  json,  // \\xNN, which a JSON reader gives back as \xNN
};

// Writes at most 4 (text) or 5 (json) octets for one, and up to 16 beyond what it returns; returns
// the end of what it wrote.
char* put_log_text(char* out, std::string_view octets, LogEscape escape);

}  // namespace noria::http
