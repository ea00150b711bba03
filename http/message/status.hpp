// The reason phrases of the IANA registry (RFC 9110 section 15), for RSP-016.
#pragma once

#include <cstdint>
#include <string_view>

namespace noria::http {

// Empty for a status that the registry does not know.
std::string_view standard_phrase(std::uint16_t status);

}  // namespace noria::http
