// What looking for one field among those a client sent came to. The limit counts all of them, so
// the answer does not depend on where the one looked for stands.
#pragma once

#include <cstdint>

namespace noria::http {

enum class FieldSearch : std::uint8_t { found, absent, too_many };

}  // namespace noria::http
