// Checks values of fields that frame a message or control its connection, at the end of their line
// (H1-091). `raw` is all between the colon and the CRLF; `value` is the same without SP and HTAB.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/reason.hpp"

namespace pelton::http {

// Reason::none if the value is a length by H1-054; `length` is then set.
Reason judge_content_length(std::string_view raw, std::string_view value, std::uint64_t& length);

// Reason::none if the value is exactly `chunked` (H1-052, H1-053).
Reason judge_transfer_encoding(std::string_view raw, std::string_view value);

struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;
};

// Adds the options of one Connection line; others than these have no effect (H1-076).
void read_connection(std::string_view value, ConnectionOptions& options);

// Whether a TE line names `trailers` (RFC 9110 section 10.1.4).
bool lists_trailers(std::string_view value);

}  // namespace pelton::http
