// Query strings and Cookie fields as pairs of spans (URL-004, URL-006). Nothing is decoded and
// nothing allocated until a caller asks for the text of a piece.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace noria::py {

struct RawPair {
  std::string_view key;
  std::string_view value;
};

// Pieces of a query between `&`, empty ones skipped; a piece without `=` has an empty value.
class QueryPairs {
 public:
  explicit QueryPairs(std::string_view query) : rest_(query) {}
  bool next(RawPair& pair);

 private:
  std::string_view rest_;
};

// Pieces of a Cookie value between `;`, trimmed; a piece without `=` is skipped.
class CookiePairs {
 public:
  explicit CookiePairs(std::string_view value) : rest_(value) {}
  bool next(RawPair& pair);

 private:
  std::string_view rest_;
};

// Whether decode_query() would change the octets.
bool is_query_encoded(std::string_view raw);
// `+` is a space, `%XX` an octet, a malformed escape stays as it is.
void decode_query(std::string_view raw, std::string& decoded);
// The same for a path: `+` is itself.
void decode_path(std::string_view raw, std::string& decoded);

}  // namespace noria::py
