#include "http/message/percent.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "http/message/octet_word.hpp"
#include "http/message/octets.hpp"

namespace pelton::http {
namespace {

enum class Plus : bool { literal, space };

template <Plus plus>
std::size_t decode(std::string_view text, char* out) {
  char* const first = out;
  for (std::size_t index = 0; index < text.size(); ++index) {
    char octet = text[index];
    if (octet == '%') {
      if (index + 2 < text.size() && octet_is(text[index + 1], octet_hex) &&
          octet_is(text[index + 2], octet_hex)) {
        octet = static_cast<char>(hex_value(text[index + 1]) << 4 | hex_value(text[index + 2]));
        index += 2;
      }
    } else if (plus == Plus::space && octet == '+') {
      octet = ' ';
    }
    *out++ = octet;
  }
  return static_cast<std::size_t>(out - first);
}

struct Sequence {
  std::size_t bytes = 1;
  bool valid = false;
};

// The character that begins here, or the maximal subpart of one.
Sequence sequence_at(std::string_view octets, std::size_t index) {
  const auto at = [&](std::size_t offset) {
    return static_cast<unsigned char>(octets[index + offset]);
  };
  const unsigned char lead = at(0);
  if (lead < 0x80) return {1, true};
  if (lead < 0xC2 || lead > 0xF4) return {1, false};
  const std::size_t whole = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // The second octet alone rules out overlong forms, surrogates and characters above U+10FFFF.
  unsigned char second_min = 0x80;
  unsigned char second_max = 0xBF;
  if (lead == 0xE0) second_min = 0xA0;
  if (lead == 0xED) second_max = 0x9F;
  if (lead == 0xF0) second_min = 0x90;
  if (lead == 0xF4) second_max = 0x8F;
  const std::size_t there = std::min(whole, octets.size() - index);
  if (there < 2 || at(1) < second_min || at(1) > second_max) return {1, false};
  for (std::size_t offset = 2; offset < there; ++offset) {
    if ((at(offset) & 0xC0) != 0x80) return {offset, false};
  }
  return {there, there == whole};
}

constexpr std::uint64_t high_bits = ~octet_word::low_bits;

std::size_t ascii_prefix_bytes(std::string_view octets) {
  std::size_t index = 0;
  while (index + 8 <= octets.size()) {
    const std::uint64_t marks = octet_word::load(octets.data() + index) & high_bits;
    if (marks != 0) return index + octet_word::first_index(marks);
    index += 8;
  }
  while (index < octets.size() && static_cast<unsigned char>(octets[index]) < 0x80) ++index;
  return index;
}

}  // namespace

std::size_t decode_percent(std::string_view text, char* out) {
  return decode<Plus::literal>(text, out);
}

std::size_t decode_form(std::string_view text, char* out) {
  return decode<Plus::space>(text, out);
}

void append_path_escaped(std::string& out, std::string_view path) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view allowed = "-._~!$&'()*+,;=:@/";
  for (const char octet : path) {
    if (octet_is(octet, octet_alpha | octet_digit) || allowed.contains(octet)) {
      out += octet;
      continue;
    }
    const auto value = static_cast<unsigned char>(octet);
    out += {'%', digits[value >> 4], digits[value & 15]};
  }
}

bool is_plain_form(std::string_view text) {
  const auto marks_in = [](std::uint64_t word) {
    return octet_word::equal_to(word, '%') | octet_word::equal_to(word, '+') | (word & high_bits);
  };
  std::size_t index = 0;
  for (; index + 8 <= text.size(); index += 8) {
    if (marks_in(octet_word::load(text.data() + index)) != 0) return false;
  }
  return marks_in(octet_word::load_short(text.data() + index, text.size() - index)) == 0;
}

bool valid_utf8(std::string_view octets) {
  std::size_t index = 0;
  while (true) {
    index += ascii_prefix_bytes(octets.substr(index));
    if (index == octets.size()) return true;
    const Sequence sequence = sequence_at(octets, index);
    if (!sequence.valid) return false;
    index += sequence.bytes;
  }
}

std::string_view form_octets(std::string_view text, std::string& scratch) {
  if (is_plain_form(text)) return text;
  scratch.resize(text.size());
  scratch.resize(decode_form(text, scratch.data()));
  return scratch;
}

std::string_view form_text(std::string_view text, std::string& scratch) {
  const std::string_view octets = form_octets(text, scratch);
  if (octets.data() == text.data() || valid_utf8(octets)) return octets;
  // No browser sends it, so an allocation does not matter.
  std::string replaced;
  append_replacing_invalid_utf8(replaced, octets);
  scratch = std::move(replaced);
  return scratch;
}

void append_replacing_invalid_utf8(std::string& out, std::string_view octets) {
  while (true) {
    const std::size_t ascii_bytes = ascii_prefix_bytes(octets);
    out.append(octets.substr(0, ascii_bytes));
    octets.remove_prefix(ascii_bytes);
    if (octets.empty()) return;
    const Sequence sequence = sequence_at(octets, 0);
    out.append(sequence.valid ? octets.substr(0, sequence.bytes) : "\xEF\xBF\xBD");
    octets.remove_prefix(sequence.bytes);
  }
}

}  // namespace pelton::http
