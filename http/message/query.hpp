// The fields of a query or a urlencoded form (URL-004): pieces between '&', each split at its first
// '='. Spans of the text as sent; form_text() and form_octets() of percent.hpp decode them.
#pragma once

#include <cstddef>
#include <string_view>

namespace pelton::http {

struct QueryField {
  std::string_view key;
  std::string_view value;  // empty also without '='
};

// In the order sent, duplicates included. An empty piece is no field.
class QueryFields {
 public:
  explicit QueryFields(std::string_view query) : rest_(query) {}
  bool next(QueryField& field);

 private:
  std::string_view rest_;
};

// LIM-040: stops at the field too many.
bool query_fields_exceed(std::string_view query, std::size_t count_max);

}  // namespace pelton::http
