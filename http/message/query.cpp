#include "http/message/query.hpp"

#include <algorithm>

#include "http/message/percent.hpp"

namespace noria::http {

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

bool is_query_key(std::string_view sent, std::string_view key, std::string& scratch) {
  if (is_plain_form(sent)) return sent == key;
  return form_text(sent, scratch) == key;
}

FieldSearch find_last_query_value(std::string_view query, std::string_view key,
                                  std::size_t count_max, std::string& scratch,
                                  std::string_view& value) {
  FieldSearch search = FieldSearch::absent;
  std::size_t count = 0;
  QueryField field;
  for (QueryFields fields(query); fields.next(field);) {
    if (++count > count_max) return FieldSearch::too_many;
    if (!is_query_key(field.key, key, scratch)) continue;
    search = FieldSearch::found;
    value = field.value;
  }
  return search;
}

}  // namespace noria::http
