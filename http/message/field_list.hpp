// Values that are comma-separated lists (RFC 9110 section 5.6.1).
#pragma once

#include <cstddef>
#include <string_view>

#include "http/message/octets.hpp"

namespace pelton::http {

// Without SP and HTAB at both ends.
inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Removes the text up to the next comma from `list`; false when nothing is left. Not for values
// with quoted strings.
inline bool next_element(std::string_view& list, std::string_view& element) {
  if (list.data() == nullptr) return false;
  const std::size_t comma = list.find(',');
  element = trimmed(list.substr(0, comma));
  list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  return true;
}

}  // namespace pelton::http
