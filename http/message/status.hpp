// What a status implies: its reason phrase in the IANA registry (RFC 9110 section 15, for RSP-016),
// and whether a body may follow.
#pragma once

#include <cstdint>
#include <string_view>

namespace pelton::http {

// Empty for a status that is not in the registry.
std::string_view standard_phrase(std::uint16_t status);

// No octet of a body is sent, whatever the handler writes (RSP-001).
constexpr bool is_bodyless(std::uint16_t status) {
  return status == 204 || status == 205 || status == 304;
}

}  // namespace pelton::http
