// Dates of HTTP (RFC 9110 section 5.6.7): written in one form, read in all three.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pelton::http {

// "Sun, 06 Nov 1994 08:49:37 GMT", for the years 1970 to 9999.
std::string http_date(std::int64_t wall_seconds);

// Nothing if the text is no date. `now_seconds` decides the century of a two-digit year.
std::optional<std::int64_t> read_http_date(std::string_view text, std::int64_t now_seconds);

}  // namespace pelton::http
