// Queries: fields are pieces of the input in order, decoding twice over gives UTF-8 and never more
// than three octets for one, and finding a key agrees with reading all fields.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/check.hpp"
#include "http/message/percent.hpp"
#include "http/message/query.hpp"

namespace {

using namespace noria::http;

void check_piece(std::string_view sent) {
  std::string scratch;
  const std::string octets(form_octets(sent, scratch));
  CHECK(octets.size() <= sent.size());
  const std::string text(form_text(sent, scratch));
  CHECK(valid_utf8(text));
  CHECK(text.size() <= 3 * octets.size());
  CHECK(valid_utf8(octets) == (text == octets));
  CHECK(!is_plain_form(sent) || text == sent);
}

}  // namespace

extern "C" [[gnu::visibility("default")]] int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                                                     std::size_t bytes);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
  const std::string_view query{reinterpret_cast<const char*>(data), bytes};
  const char* at = query.data();
  std::size_t count = 0;
  QueryField field;
  for (QueryFields fields(query); fields.next(field); ++count) {
    CHECK(field.key.data() >= at);
    at = field.value.data() + field.value.size();
    CHECK(field.value.data() >= field.key.data() + field.key.size());
    CHECK(at <= query.data() + query.size());
    CHECK(!field.key.contains('=') && !field.key.contains('&') && !field.value.contains('&'));
    check_piece(field.key);
    check_piece(field.value);
  }
  CHECK(!query_fields_exceed(query, count));
  CHECK(count == 0 || query_fields_exceed(query, count - 1));

  // The key of the first field; quadratic in the number of fields if it were done for all.
  QueryField first;
  if (!QueryFields(query).next(first)) return 0;
  std::string scratch;
  const std::string key(form_text(first.key, scratch));
  std::string_view last = first.value;
  for (QueryFields fields(query); fields.next(field);) {
    if (form_text(field.key, scratch) == key) last = field.value;
  }
  std::string_view found;
  CHECK(find_last_query_value(query, key, count, scratch, found) == FieldSearch::found);
  CHECK(found.data() == last.data() && found.size() == last.size());
  CHECK(find_last_query_value(query, key, count - 1, scratch, found) == FieldSearch::too_many);
  return 0;
}
