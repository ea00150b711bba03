#include "http/message/cookie.hpp"

#include <algorithm>

#include "http/message/field_list.hpp"

namespace pelton::http {

bool CookiePairs::next(CookiePair& pair) {
  while (!rest_.empty()) {
    const std::string_view piece = rest_.substr(0, rest_.find(';'));
    rest_.remove_prefix(std::min(piece.size() + 1, rest_.size()));
    const std::size_t equals = piece.find('=');
    if (equals == piece.npos) continue;
    pair.name = trimmed(piece.substr(0, equals));
    pair.value = trimmed(piece.substr(equals + 1));
    return true;
  }
  return false;
}

bool cookies_exceed(const RequestHead& head, std::size_t count_max) {
  // Every search counts all cookies.
  std::string_view value;
  return find_first_cookie(head, {}, count_max, value) == FieldSearch::too_many;
}

FieldSearch find_first_cookie(const RequestHead& head, std::string_view name, std::size_t count_max,
                              std::string_view& value) {
  FieldSearch search = FieldSearch::absent;
  std::size_t count = 0;
  for (const Field& field : head.fields) {
    if (field.known != FieldName::cookie) continue;
    CookiePair pair;
    for (CookiePairs pairs(head.text(field.value)); pairs.next(pair);) {
      if (++count > count_max) return FieldSearch::too_many;
      if (search == FieldSearch::found || pair.name != name) continue;
      search = FieldSearch::found;
      value = pair.value;
    }
  }
  return search;
}

}  // namespace pelton::http
