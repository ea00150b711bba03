// Queries: fields are pieces of the input in order, decoding twice over gives UTF-8 and never more
// than three octets for one, and finding keys in one pass agrees with reading all fields.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/check.hpp"
#include "http/message/percent.hpp"
#include "http/message/query.hpp"
#include "http/message/query_keys.hpp"

namespace {

using namespace pelton::http;

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

// Keys that are there, near misses of them, and one that is not; quadratic if it were all.
std::vector<std::string> wanted_of(std::string_view query) {
  std::vector<std::string> wanted{"", "a", "no such key"};
  std::string scratch;
  QueryField field;
  for (QueryFields fields(query); wanted.size() < 24 && fields.next(field);) {
    const std::string key(form_text(field.key, scratch));
    wanted.push_back(key);
    wanted.push_back(key.substr(0, key.size() / 2));
    wanted.emplace_back(field.key);
  }
  return wanted;
}

void check_found(std::string_view query, std::size_t count) {
  const std::vector<std::string> wanted = wanted_of(query);
  QueryKeys keys;
  std::vector<std::size_t> indices;
  for (const std::string& key : wanted) indices.push_back(keys.add(key));
  CHECK(keys.size() <= wanted.size());
  std::vector<QueryValue> values(keys.size());
  CHECK(keys.find_last(query, count, values.data()));
  std::string scratch;
  for (std::size_t at = 0; at < wanted.size(); ++at) {
    const char* last = nullptr;
    std::size_t bytes = 0;
    QueryField field;
    for (QueryFields fields(query); fields.next(field);) {
      if (form_text(field.key, scratch) != wanted[at]) continue;
      last = field.value.data();
      bytes = field.value.size();
    }
    const QueryValue& value = values[indices[at]];
    CHECK(value.octets == last);
    CHECK(!value.found() || value.bytes == bytes);
    CHECK(!value.found() || value.is_plain == is_plain_form(value.sent()));
  }
  CHECK(count == 0 || !keys.find_last(query, count - 1, values.data()));
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

  check_found(query, count);
  return 0;
}
