#include "http/message/query.hpp"

#include <algorithm>

namespace pelton::http {

bool QueryFields::next(QueryField& field) {
  while (!rest_.empty()) {
    const std::string_view piece = rest_.substr(0, rest_.find('&'));
    rest_.remove_prefix(std::min(piece.size() + 1, rest_.size()));
    if (piece.empty()) continue;
    field.key = piece.substr(0, piece.find('='));
    field.value = piece.substr(std::min(field.key.size() + 1, piece.size()));
    return true;
  }
  return false;
}

bool query_fields_exceed(std::string_view query, std::size_t count_max) {
  QueryField field;
  std::size_t count = 0;
  for (QueryFields fields(query); fields.next(field);) {
    if (++count > count_max) return true;
  }
  return false;
}

}  // namespace pelton::http
