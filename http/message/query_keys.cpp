#include "http/message/query_keys.hpp"

#include <array>
#include <span>

#include "http/message/octet_word.hpp"
#include "http/message/percent.hpp"

namespace pelton::http {
namespace {

enum Kind : std::uint8_t { plain = 0, ampersand = 1, equals = 2, encoded = 4 };

// `encoded` marks the octets that decoding would change, as in is_plain_form().
constexpr auto kinds = [] {
  std::array<std::uint8_t, 256> made{};
  for (unsigned octet = 0x80; octet < made.size(); ++octet) made[octet] = encoded;
  made['%'] = made['+'] = encoded;
  made['&'] = ampersand;
  made['='] = equals;
  return made;
}();

// Moves to the next octet of these kinds and returns whether all octets before it are plain. Goes
// octet by octet: the pieces of a query are short.
template <unsigned ends>
bool skip_piece(const char*& at, const char* end) {
  unsigned seen = plain;
  for (; at != end; ++at) {
    const std::uint8_t kind = kinds[static_cast<unsigned char>(*at)];
    if (kind == plain) [[likely]]
      continue;
    if ((kind & ends) != 0) break;
    seen |= kind;
  }
  return (seen & encoded) == 0;
}

std::uint64_t first_octets_of(std::string_view key) {
  return key.size() < 8 ? octet_word::load_short(key.data(), key.size())
                        : octet_word::load(key.data());
}

}  // namespace

[[gnu::always_inline]] inline std::size_t QueryKeys::index_of(std::string_view key) const {
  const std::uint64_t first_octets = first_octets_of(key);
  std::size_t index = 0;
  for (const Key& wanted : keys_) {
    if (wanted.first_octets == first_octets && wanted.text.size() == key.size() &&
        (key.size() <= 8 || wanted.text == key)) {
      return index;
    }
    ++index;
  }
  return none;
}

std::size_t QueryKeys::add(std::string_view key) {
  const std::size_t index = index_of(key);
  if (index != none) return index;
  keys_.push_back({first_octets_of(key), std::string(key)});
  return keys_.size() - 1;
}

[[gnu::noinline]] std::size_t QueryKeys::index_of_encoded(std::string_view sent) const {
  std::string scratch;
  return index_of(form_text(sent, scratch));
}

bool QueryKeys::find_last(std::string_view query, std::size_t count_max, QueryValue* values) const {
  for (QueryValue& value : std::span(values, size())) value.octets = nullptr;
  const char* const end = query.data() + query.size();
  std::size_t count = 0;
  for (const char* at = query.data(); at != end; ++at) {
    if (*at == '&') continue;
    if (++count > count_max) return false;
    const char* const begin = at;
    const bool plain_key = skip_piece < ampersand | equals > (at, end);
    const std::string_view key{begin, at};
    if (at != end && *at == '=') ++at;
    QueryValue value{.octets = at, .bytes = 0, .is_plain = skip_piece<ampersand>(at, end)};
    value.bytes = static_cast<std::size_t>(at - value.octets);
    const std::size_t index = plain_key ? index_of(key) : index_of_encoded(key);
    if (index != none) values[index] = value;
    if (at == end) break;
  }
  return true;
}

}  // namespace pelton::http
