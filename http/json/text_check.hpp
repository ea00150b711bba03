// Checks in one pass whether a text is JSON by RFC 8259 within limits, without making a value: for
// a text that goes to a foreign decoder, which has other limits or none.
#pragma once

#include <cstdint>
#include <string_view>

namespace pelton::http::json {

struct TextLimits {
  std::uint32_t depth_max;         // LIM-060
  std::uint32_t number_bytes_max;  // LIM-061, without the sign
};

// A NUL must follow the text.
bool is_text_within(std::string_view text, const TextLimits& limits);

}  // namespace pelton::http::json
