// Rules for names and values: of fields that handlers write (RSP-011, RSP-013, RSP-014) and of
// names that may not be in a trailer section (H1-068).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pelton::http {

// A token of RFC 9110 section 5.6.2: at least one octet.
bool is_token(std::string_view text);

// Field names are the same in any case (RFC 9110 section 5.1).
bool is_same_name(std::string_view left, std::string_view right);

// No CR, LF, NUL, other CTL except HTAB, or DEL. Empty is fine.
bool is_field_value(std::string_view text);

// `0` or up to nineteen digits without a leading zero, at most 2^63-1 (H1-054).
bool is_content_length(std::string_view text);
// The same, and sets the value.
bool read_content_length(std::string_view text, std::uint64_t& length);

// Fields that a handler's response may not carry, because they belong to the connection. A handler
// may send `Connection: close`, so that field is checked by its value.
bool is_hop_by_hop(std::string_view name, std::string_view value);

// The longest name that is_forbidden_trailer() must see whole; so many octets of a longer name
// suffice.
inline constexpr std::size_t trailer_name_prefix_bytes = 20;

bool is_forbidden_trailer(std::string_view name);

}  // namespace pelton::http
