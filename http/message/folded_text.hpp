// Case-insensitive comparison with a text known at compile time: a few word compares instead of a
// loop. It never mistakes another octet for a letter.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "http/message/octets.hpp"

namespace pelton::http {

// A lower-case text as a template argument.
template <std::size_t size_with_nul>
struct FoldedText {
  char octets[size_with_nul]{};

  consteval FoldedText(const char (&text)[size_with_nul]) {
    std::copy_n(text, size_with_nul, octets);
  }
  static constexpr std::size_t bytes = size_with_nul - 1;
};

namespace folded_text {

template <class Word>
struct Pattern {
  Word value;
  Word letters;  // 0x20 at each letter: the bit that differs between cases
};

template <class Word>
consteval Pattern<Word> pattern(const char* text) {
  Pattern<Word> made{0, 0};
  for (std::size_t index = 0; index < sizeof(Word); ++index) {
    const auto shift =
        8 * (std::endian::native == std::endian::little ? index : sizeof(Word) - 1 - index);
    made.value |= static_cast<Word>(static_cast<unsigned char>(text[index])) << shift;
    if (octet_is(text[index], octet_alpha)) made.letters |= static_cast<Word>(0x20) << shift;
  }
  return made;
}

template <class Word>
inline bool matches(const char* octets, Pattern<Word> wanted) {
  Word word;
  std::memcpy(&word, octets, sizeof word);
  return (word | wanted.letters) == wanted.value;
}

}  // namespace folded_text

// Whether the octets at `octets`, of which `text.bytes` are readable, spell `text` in any case.
template <FoldedText text>
inline bool folds_to(const char* octets) {
  using folded_text::matches;
  using folded_text::pattern;
  constexpr std::size_t bytes = text.bytes;
  static_assert(bytes >= 4);
  if constexpr (bytes < 8) {
    constexpr auto head = pattern<std::uint32_t>(text.octets);
    constexpr auto tail = pattern<std::uint32_t>(text.octets + bytes - 4);
    return matches(octets, head) && (bytes == 4 || matches(octets + bytes - 4, tail));
  } else {
    static_assert(bytes <= 24);
    constexpr auto head = pattern<std::uint64_t>(text.octets);
    constexpr auto tail = pattern<std::uint64_t>(text.octets + bytes - 8);
    constexpr auto middle = pattern<std::uint64_t>(text.octets + (bytes - 8) / 2);
    return matches(octets, head) && (bytes == 8 || matches(octets + bytes - 8, tail)) &&
           (bytes <= 16 || matches(octets + (bytes - 8) / 2, middle));
  }
}

template <FoldedText text>
inline bool folds_to(std::string_view octets) {
  return octets.size() == text.bytes && folds_to<text>(octets.data());
}

}  // namespace pelton::http
