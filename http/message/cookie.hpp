// A Cookie field's value as pairs (URL-006): split at ';', SP and HTAB trimmed, nothing unquoted,
// pieces without '=' ignored. Results are spans of the input.
#pragma once

#include <cstddef>
#include <string_view>

#include "http/message/field_search.hpp"
#include "http/message/request_head.hpp"

namespace pelton::http {

struct CookiePair {
  std::string_view name;
  std::string_view value;
};

class CookiePairs {
 public:
  explicit CookiePairs(std::string_view value) : rest_(value) {}
  bool next(CookiePair& pair);

 private:
  std::string_view rest_;
};

// LIM-042: whether all Cookie fields together have more pairs than this. Stops at the pair too
// many.
bool cookies_exceed(const RequestHead& head, std::size_t count_max);

// Finds the first cookie of a name, which is the one with the most specific path (RFC 6265 section
// 5.4).
FieldSearch find_first_cookie(const RequestHead& head, std::string_view name, std::size_t count_max,
                              std::string_view& value);

}  // namespace pelton::http
