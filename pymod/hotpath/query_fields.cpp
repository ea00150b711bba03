#include "pymod/hotpath/query_fields.hpp"

#include <cstring>

#include "http/message/octets.hpp"

namespace noria::py {

namespace {

std::string_view cut(std::string_view& rest, char separator) {
  const auto* found = static_cast<const char*>(std::memchr(rest.data(), separator, rest.size()));
  if (found == nullptr) {
    const std::string_view piece = rest;
    rest = {};
    return piece;
  }
  const auto bytes = static_cast<std::size_t>(found - rest.data());
  const std::string_view piece = rest.substr(0, bytes);
  rest.remove_prefix(bytes + 1);
  return piece;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && http::is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && http::is_blank(text.back())) text.remove_suffix(1);
  return text;
}

template <bool plus_is_space>
void decode(std::string_view raw, std::string& decoded) {
  decoded.clear();
  decoded.reserve(raw.size());
  for (std::size_t at = 0; at < raw.size(); ++at) {
    const char octet = raw[at];
    if (plus_is_space && octet == '+') {
      decoded.push_back(' ');
    } else if (octet == '%' && at + 2 < raw.size() &&
               http::octet_is(raw[at + 1], http::octet_hex) &&
               http::octet_is(raw[at + 2], http::octet_hex)) {
      decoded.push_back(
          static_cast<char>(http::hex_value(raw[at + 1]) * 16 + http::hex_value(raw[at + 2])));
      at += 2;
    } else {
      decoded.push_back(octet);
    }
  }
}

}  // namespace

bool QueryPairs::next(RawPair& pair) {
  while (!rest_.empty()) {
    std::string_view piece = cut(rest_, '&');
    if (piece.empty()) continue;
    pair.key = cut(piece, '=');
    pair.value = piece;
    return true;
  }
  return false;
}

bool CookiePairs::next(RawPair& pair) {
  while (!rest_.empty()) {
    const std::string_view piece = cut(rest_, ';');
    const std::size_t equals = piece.find('=');
    if (equals == std::string_view::npos) continue;
    pair.key = trimmed(piece.substr(0, equals));
    pair.value = trimmed(piece.substr(equals + 1));
    return true;
  }
  return false;
}

bool is_query_encoded(std::string_view raw) {
  for (const char octet : raw) {
    if (octet == '%' || octet == '+') return true;
  }
  return false;
}

void decode_query(std::string_view raw, std::string& decoded) {
  decode<true>(raw, decoded);
}
void decode_path(std::string_view raw, std::string& decoded) {
  decode<false>(raw, decoded);
}

}  // namespace noria::py
