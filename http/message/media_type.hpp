// Which Content-Type values count as JSON (UPL-001).
#pragma once

#include <string_view>

namespace pelton::http {

// `application/json` or `*/*+json`, charset absent or utf-8; RFC 9110 section 8.3.1, RFC 6839.
bool is_json_type(std::string_view content_type);

}  // namespace pelton::http
