// Percent-decoding (RFC 3986 section 2.1) and the replacement of octets that are not UTF-8. A
// malformed escape stays as it is; nothing is decoded twice (URL-001, URL-004).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pelton::http {

// Both return the number of octets written. `out` has room for text.size() and may be the start of
// `text`.
std::size_t decode_percent(std::string_view text, char* out);
std::size_t decode_form(std::string_view text, char* out);  // also decodes '+' to a space

// Appends a decoded path so that it can stand in a URL: octets that RFC 3986 section 3.3 does not
// allow in a path are escaped.
void append_path_escaped(std::string& out, std::string_view path);

// Whether decoding changes nothing: no escape, no '+', nothing outside ASCII.
bool is_plain_form(std::string_view text);

bool valid_utf8(std::string_view octets);

// Every maximal subpart of an ill-formed sequence becomes one U+FFFD (Unicode section 3.9, table
// 3-7), which is what Python's bytes.decode("utf-8", "replace") gives.
void append_replacing_invalid_utf8(std::string& out, std::string_view octets);

// Decode a piece of a query or form: the result is `text` if nothing changes, else in `scratch`.
// form_text() always returns UTF-8; form_octets() keeps invalid octets.
std::string_view form_text(std::string_view text, std::string& scratch);
std::string_view form_octets(std::string_view text, std::string& scratch);

}  // namespace pelton::http
