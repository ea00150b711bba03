// Cookie fields, one a line: pairs are trimmed pieces of the input, and the first of equal names is
// found within the limit.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/check.hpp"
#include "http/message/cookie.hpp"
#include "http/message/octets.hpp"

namespace {

using namespace pelton::http;

bool is_trimmed(std::string_view text) {
  return text.empty() || (!is_blank(text.front()) && !is_blank(text.back()));
}

}  // namespace

extern "C" [[gnu::visibility("default")]] int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                                                     std::size_t bytes);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
  const std::string_view octets{reinterpret_cast<const char*>(data), bytes};
  std::vector<Field> fields;
  std::vector<CookiePair> pairs;
  for (std::size_t begin = 0; begin <= octets.size();) {
    const std::size_t end = std::min(octets.find('\n', begin), octets.size());
    const std::string_view value = octets.substr(begin, end - begin);
    fields.push_back(
        {.value = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(value.size())},
         .known = FieldName::cookie});
    CookiePair pair;
    for (CookiePairs of_field(value); of_field.next(pair);) {
      CHECK(is_trimmed(pair.name) && is_trimmed(pair.value));
      CHECK(!pair.name.contains('=') && !pair.name.contains(';') && !pair.value.contains(';'));
      CHECK(pair.name.data() >= value.data());
      CHECK(pair.value.data() + pair.value.size() <= value.data() + value.size());
      pairs.push_back(pair);
    }
    begin = end + 1;
  }
  RequestHead head;
  head.base = octets.data();
  head.fields = fields;
  CHECK(!cookies_exceed(head, pairs.size()));
  if (pairs.empty()) return 0;
  CHECK(cookies_exceed(head, pairs.size() - 1));
  const std::string_view name = pairs.back().name;
  std::string_view expected;
  for (const CookiePair& pair : pairs) {
    if (pair.name != name) continue;
    expected = pair.value;
    break;
  }
  std::string_view found;
  CHECK(find_first_cookie(head, name, pairs.size(), found) == FieldSearch::found);
  CHECK(found.data() == expected.data() && found.size() == expected.size());
  return 0;
}
