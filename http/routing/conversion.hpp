// Whether a converter accepts a decoded segment, and the converted value if it differs from the
// text.
#pragma once

#include <string_view>

#include "http/routing/match.hpp"

namespace pelton::http {

// -?[0-9]+ within signed 64 bits.
bool read_integer(std::string_view text, std::int64_t& value);
// -?[0-9]+(\.[0-9]+)? that a double can hold: no exponent, no infinity.
bool read_real(std::string_view text, double& value);
// 8-4-4-4-12 hexadecimal digits in any case.
bool is_uuid(std::string_view text);

}  // namespace pelton::http
