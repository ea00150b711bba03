// Searches for one of the fields, cookies or query pairs that a client sent. Limits count all of
// them, so the result does not depend on where the searched one is.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/message/request_head.hpp"

namespace pelton::http {

enum class FieldSearch : std::uint8_t { found, absent, too_many };

// The first header field of this name, in any case; null if there is none.
const Field* find_field(const RequestHead& head, std::string_view name);

}  // namespace pelton::http
