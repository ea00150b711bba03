// Whether a text is JSON by RFC 8259 within limits, judged in one pass without making a value of
// it: for a text that a decoder of somebody else's reads, which has other limits or none.
#pragma once

#include <cstdint>
#include <string_view>

namespace pelton::http::json {

struct TextLimits {
  std::uint32_t depth_max;         // LIM-060
  std::uint32_t number_bytes_max;  // LIM-061, the sign not counted
};

// A NUL must follow the text.
bool is_text_within(std::string_view text, const TextLimits& limits);

}  // namespace pelton::http::json
