// Looking for one among the fields, cookies or pairs of a query that a client sent. A limit counts
// all of them, so the answer does not depend on where the one looked for stands.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/message/request_head.hpp"

namespace pelton::http {

enum class FieldSearch : std::uint8_t { found, absent, too_many };

// The first header field of this name, in any case; null if there is none.
const Field* find_field(const RequestHead& head, std::string_view name);

}  // namespace pelton::http
