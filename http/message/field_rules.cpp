#include "http/message/field_rules.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <limits>

#include "http/message/octet_word.hpp"
#include "http/message/octets.hpp"

namespace pelton::http {
namespace {

bool has_prefix(std::string_view name, std::string_view lower) {
  return is_same_name(name.substr(0, lower.size()), lower);
}

constexpr std::array<std::string_view, 5> hop_by_hop = {
    "transfer-encoding", "keep-alive", "proxy-connection", "upgrade", "te",
};

constexpr std::array<std::string_view, 22> no_trailers = {
    "transfer-encoding",
    "content-length",
    "content-type",
    "content-encoding",
    "content-range",
    "content-location",
    "content-disposition",
    "host",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "authorization",
    "cookie",
    "set-cookie",
    "cache-control",
    "range",
    "max-forwards",
    "origin",
    "forwarded",
};
static_assert(std::ranges::all_of(no_trailers, [](std::string_view name) {
  return name.size() < trailer_name_prefix_bytes;
}));

constexpr std::array<std::string_view, 4> no_trailer_prefixes = {
    "proxy-",
    "if-",
    "x-forwarded-",
    "sec-",
};

// Whether octets that differ are always the two cases of one letter.
bool is_same_word(std::uint64_t one, std::uint64_t other) {
  constexpr std::uint64_t case_bits = octet_word::ones * 0x20;
  const std::uint64_t differing = one ^ other;
  if (differing == 0) return true;
  // Per octet, without its top bit: the first sum sets that bit from 'a' on, the second only after
  // 'z'.
  const std::uint64_t folded = (one | case_bits) & octet_word::low_bits;
  const std::uint64_t letters = (folded + octet_word::ones * (0x80 - 'a')) &
                                ~(folded + octet_word::ones * (0x7F - 'z')) & ~one;
  return ((differing & ~case_bits) | (differing << 2 & ~letters)) == 0;
}

}  // namespace

bool is_same_name(std::string_view left, std::string_view right) {
  const std::size_t bytes = left.size();
  if (bytes != right.size()) return false;
  if (bytes < 8) {
    return is_same_word(octet_word::load_short(left.data(), bytes),
                        octet_word::load_short(right.data(), bytes));
  }
  const std::size_t last = bytes - 8;
  for (std::size_t at = 0; at < last; at += 8) {
    if (!is_same_word(octet_word::load(left.data() + at), octet_word::load(right.data() + at))) {
      return false;
    }
  }
  return is_same_word(octet_word::load(left.data() + last), octet_word::load(right.data() + last));
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_tchar);
}

namespace {

// Whether eight octets hold no CTL except HTAB and no DEL. Per octet, without its top bit: adding
// 0x60 carries into that bit from 0x20 on, adding 1 only at 0x7F.
bool are_plain(std::uint64_t word) {
  constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
  constexpr std::uint64_t tops = ones * 0x80;
  const std::uint64_t low = word & ~tops;
  const std::uint64_t printable = (low + ones * 0x60) & ~(low + ones);
  return ((printable | word) & tops) == tops;
}

}  // namespace

bool is_field_value(std::string_view text) {
  const char* cursor = text.data();
  std::size_t left = text.size();
  for (; left >= 8; cursor += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, cursor, sizeof word);
    if (!are_plain(word)) break;
  }
  // The rest, which may begin with an HTAB that ended the loop over words.
  return std::all_of(cursor, cursor + left,
                     [](char octet) { return octet_is(octet, octet_field); });
}

bool is_content_length(std::string_view text) {
  std::uint64_t length = 0;
  return read_content_length(text, length);
}

bool read_content_length(std::string_view text, std::uint64_t& length) {
  constexpr std::uint64_t length_max = std::numeric_limits<std::int64_t>::max();
  constexpr std::size_t digits_max = 19;
  if (text.empty() || text.size() > digits_max) return false;
  if (text[0] == '0' && text.size() > 1) return false;
  std::uint64_t number = 0;
  for (const char octet : text) {
    if (!octet_is(octet, octet_digit)) return false;
    number = number * 10 + hex_value(octet);
  }
  length = number;
  return number <= length_max;
}

bool is_hop_by_hop(std::string_view name, std::string_view value) {
  if (is_same_name(name, "connection")) return !is_same_name(value, "close");
  return std::ranges::any_of(hop_by_hop,
                             [&](std::string_view lower) { return is_same_name(name, lower); });
}

bool is_forbidden_trailer(std::string_view name) {
  const bool whole = std::ranges::any_of(
      no_trailers, [&](std::string_view lower) { return is_same_name(name, lower); });
  return whole || std::ranges::any_of(no_trailer_prefixes, [&](std::string_view lower) {
           return has_prefix(name, lower);
         });
}

}  // namespace pelton::http
